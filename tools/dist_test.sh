#!/usr/bin/env bash
# Tests with several processes. The variables NNODES, NODE_RANK, MASTER_ADDR and PORT are for
# several machines: the script is started on each, with its own NODE_RANK.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/launch.sh"

(($# >= 3)) || usage 'CONFIG CHECKPOINT NUM_PROC [ARGUMENTS OF test.py]'
config=$1 checkpoint=$2 num_proc=$3
shift 3
launch_torchrun "$num_proc" test.py "$config" "$checkpoint" "$@"
