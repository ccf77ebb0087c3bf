# Functions of dist_*.sh and slurm_*.sh. To be sourced by bash.

TOOLS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export PYTHONPATH=${TOOLS%/*}${PYTHONPATH:+:$PYTHONPATH}

usage() {
    echo "usage: bash $0 $1" >&2
    exit 2
}

# launch_torchrun NUM_PROC SCRIPT ARGUMENTS...: starts NUM_PROC processes on this machine, which is
# number NODE_RANK of NNODES machines.
launch_torchrun() {
    local num_proc=$1 script=$2
    shift 2
    exec python "$TOOLS/launch.py" \
        --nnodes "${NNODES:-1}" \
        --node-rank "${NODE_RANK:-0}" \
        --nproc-per-node "$num_proc" \
        --master-addr "${MASTER_ADDR:-127.0.0.1}" \
        --master-port "${PORT:-29500}" \
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
