#!/usr/bin/env bash
# Trains with several processes. The variables NNODES, NODE_RANK, MASTER_ADDR and PORT are for
# several machines: the script is started on each, with its own NODE_RANK.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/launch.sh"

(($# >= 2)) || usage 'CONFIG NUM_PROC [ARGUMENTS OF train.py]'
config=$1 num_proc=$2
shift 2
launch_torchrun "$num_proc" train.py "$config" "$@"
