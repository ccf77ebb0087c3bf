#!/usr/bin/env bash
# Trains with several processes. For several machines, set NNODES, MASTER_ADDR and PORT, and start the
# script on each machine with its own NODE_RANK. MAX_RESTARTS=N starts all processes again, N times at
# most, when one of them dies; they resume from the last checkpoint.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/launch.sh"

(($# >= 2)) || usage 'CONFIG NUM_PROC [ARGUMENTS OF train.py]'
config=$1 num_proc=$2
shift 2
launch_torchrun "$num_proc" train.py "$config" "$@"
