#!/usr/bin/env bash
# All that a GPU has to show, in one command of under nine minutes, also without internet access: the
# tests that need a GPU, then tools/benchmark/gpu.py. Results go to OUT: tests.txt, gpu.json, gpu.md.
#
#     bash tools/benchmark/gpu.sh OUT [ARGUMENTS OF gpu.py]
#     WHEELS=folder bash tools/benchmark/gpu.sh OUT      # first installs what the machine lacks
#     bash tools/benchmark/gpu.sh OUT --device cpu --tiny    # a dry run on any machine
set -uo pipefail

out=${1:?usage: gpu.sh OUT [ARGUMENTS OF gpu.py]}
shift
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
mkdir -p "$out"
export PYTHONPATH=$root${PYTHONPATH:+:$PYTHONPATH} PYTHONUNBUFFERED=1
if [[ -n ${WHEELS:-} ]]; then
    site=$(mktemp -d)
    python3 -m pip install -q --no-index --no-deps --no-compile --no-cache-dir --target "$site" \
        "$WHEELS"/*.whl || exit
    export PYTHONPATH=$PYTHONPATH:$site
fi
status=0
python3 -m pytest -q -m gpu -p no:cacheprovider -o addopts='' --import-mode=importlib \
    "$root/tests/test_gpu.py" 2>&1 | tee "$out/tests.txt" || status=$?
python3 -W ignore "$root/tools/benchmark/gpu.py" --json "$out/gpu.json" --markdown "$out/gpu.md" "$@" ||
    status=$?
exit "$status"
