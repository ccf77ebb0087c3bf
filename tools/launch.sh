# Functions of dist_*.sh and slurm_*.sh. To be sourced by bash.

TOOLS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export PYTHONPATH=${TOOLS%/*}${PYTHONPATH:+:$PYTHONPATH}

usage() {
    echo "usage: bash $0 $1" >&2
    exit 2
}

# launch_torchrun NUM_PROC SCRIPT ARGUMENTS...: starts NUM_PROC processes on this machine, which is
# number NODE_RANK of NNODES machines. When one of them dies, all start again and resume, at most
# MAX_RESTARTS times.
launch_torchrun() {
    local num_proc=$1 script=$2 address=${MASTER_ADDR:-127.0.0.1} port=${PORT:-29500} meeting
    shift 2
    if ((${MAX_RESTARTS:-0})); then # machines that meet again number themselves
        # Machines may have counted other numbers of restarts, by which torchrun's own store would
        # keep their processes apart: these make a new one.
        export TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1
        meeting=(
            --rdzv-backend c10d --rdzv-endpoint "$address:$port" --rdzv-id vsslbox
            --max-restarts "$MAX_RESTARTS"
        )
    else
        meeting=(--node-rank "${NODE_RANK:-0}" --master-addr "$address" --master-port "$port")
    fi
    exec python "$TOOLS/launch.py" \
        --nnodes "${NNODES:-1}" \
        --nproc-per-node "$num_proc" \
        "${meeting[@]}" \
        "$TOOLS/$script" "$@" --launcher pytorch
}

# launch_srun PARTITION JOB_NAME SCRIPT ARGUMENTS...: starts GPUS tasks on a Slurm cluster with a GPU
# each, GPUS_PER_NODE on a machine. SRUN_ARGS holds more options of srun, separated by spaces.
launch_srun() {
    local partition=$1 job_name=$2 script=$3 gpus=${GPUS:-8} per_node srun_args
    shift 3
    per_node=${GPUS_PER_NODE:-$((gpus < 8 ? gpus : 8))}
    read -ra srun_args <<<"${SRUN_ARGS:-}"
    exec srun \
        --partition "$partition" \
        --job-name "$job_name" \
        --gres "gpu:$per_node" \
        --ntasks "$gpus" \
        --ntasks-per-node "$per_node" \
        --cpus-per-task "${CPUS_PER_TASK:-5}" \
        --kill-on-bad-exit=1 \
        ${srun_args[@]+"${srun_args[@]}"} \
        python -u "$TOOLS/$script" "$@" --launcher slurm
}
