#!/usr/bin/env bash
# Tests on a Slurm cluster, with the resources in the variables GPUS (8), GPUS_PER_NODE (up to 8),
# CPUS_PER_TASK (5) and SRUN_ARGS.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/launch.sh"

(($# >= 4)) || usage 'PARTITION JOB_NAME CONFIG CHECKPOINT [ARGUMENTS OF test.py]'
partition=$1 job_name=$2
shift 2
launch_srun "$partition" "$job_name" test.py "$@"
