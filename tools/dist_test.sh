#!/usr/bin/env bash
# Tests with several processes. For several machines, set NNODES, MASTER_ADDR and PORT, and start the
# script on each machine with its own NODE_RANK.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/launch.sh"

(($# >= 3)) || usage 'CONFIG CHECKPOINT NUM_PROC [ARGUMENTS OF test.py]'
config=$1 checkpoint=$2 num_proc=$3
shift 3
launch_torchrun "$num_proc" test.py "$config" "$checkpoint" "$@"
