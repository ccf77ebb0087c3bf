#!/usr/bin/env bash
# Shows the whole workflow in a few minutes on two CPU cores: generates videos, pretrains VCLR on them
# without labels, and compares it with a random start on held-out videos.
# Passes its arguments to tools/demo.py: bash tools/demo.sh --seed 1
set -euo pipefail

source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
use_environment
cd "$VSSLBOX_ROOT"
exec python tools/demo.py "$@"
