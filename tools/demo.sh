#!/usr/bin/env bash
# The main job, from nothing to a report, in a few minutes on two CPU cores: makes a set of videos,
# pretrains VCLR on them without labels, and compares it with a random start on held-out videos.
# Arguments go to tools/demo.py: bash tools/demo.sh --seed 1
set -euo pipefail

source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
use_environment
cd "$VSSLBOX_ROOT"
exec python tools/demo.py "$@"
