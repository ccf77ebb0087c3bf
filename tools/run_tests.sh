#!/usr/bin/env bash
# Lints, checks types, then tests. `--fast` leaves out what takes more than half a second. All
# other arguments go to pytest: bash tools/run_tests.sh --fast tests/test_registry.py
set -euo pipefail

source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
use_environment test
cd "$VSSLBOX_ROOT"
if [[ ${1:-} == --fast ]]; then
    shift
    set -- -m 'not slow' "$@"
fi

# The tests' tensors are small, so threads would make them slower; one thread also adds sums in the
# same order on every machine.
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}

echo 'vsslbox: ruff'
python -m ruff check
python -m ruff format --check
echo 'vsslbox: mypy'
python -m mypy
echo 'vsslbox: pytest'
# A process more than there are cores, since tests wait too. The tests of a file stay together, as they
# share fixtures. The order is that of tests/conftest.py, not by the number of tests: a slow test is
# often the only one of its file.
exec python -m pytest -n "$(($(nproc) + 1))" --dist loadfile --no-loadscope-reorder "$@"
