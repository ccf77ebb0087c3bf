# Sets up the Python environment of vsslbox. To be sourced by bash:
#
#     source tools/environment.sh
#     use_environment           # the packages for running
#     use_environment test      # the extra `test` of setup.cfg too
#
# An active environment (venv or conda) is used and its packages are kept: only missing ones are
# installed. Otherwise .venv in this repository is created, with exactly the versions in
# requirements/constraints.txt. A second call installs nothing unless something changed.

VSSLBOX_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export PIP_DISABLE_PIP_VERSION_CHECK=1

use_environment() {
    local extra=${1:-} stamp state
    _vsslbox_activate || return
    state=$(_vsslbox_state)
    stamp=$(python -c 'import sys; print(sys.prefix)')/.vsslbox-installed
    if [[ -f $stamp && $(cat "$stamp") == "$state "*"$extra" ]]; then
        echo "vsslbox: using the environment in $(dirname "$stamp")"
        return
    fi
    rm -f "$stamp"
    _vsslbox_install "$extra" && _vsslbox_check_opencv || return
    echo "$state $extra" >"$stamp"
}

# Activates .venv unless an environment is active, and creates it if necessary.
_vsslbox_activate() {
    local venv=$VSSLBOX_ROOT/.venv
    if [[ -z ${VIRTUAL_ENV:-}${CONDA_PREFIX:-} ]]; then
        # venv writes `activate` last: if it exists, the environment is complete.
        if [[ ! -f $venv/bin/activate ]]; then
            _vsslbox_make_venv "$venv" || return
        fi
        source "$venv/bin/activate"
    fi
    if ! _vsslbox_is_recent python; then
        echo "vsslbox: needs Python >= 3.10; the environment in" \
            "${VIRTUAL_ENV:-${CONDA_PREFIX:-}} has $(python -V 2>&1): remove or replace it" >&2
        return 1
    fi
}

_vsslbox_make_venv() {
    local python
    for python in python3.11 python3; do
        if _vsslbox_is_recent "$python"; then
            echo "vsslbox: creating $1 with $("$python" -V)"
            "$python" -m venv --clear "$1"
            return
        fi
    done
    echo "vsslbox: needs Python >= 3.10; found neither python3.11 nor such a python3:" \
        "install one, or activate an environment that has it" >&2
    return 1
}

_vsslbox_is_recent() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null
}

# Changes whenever an installation would have another result.
_vsslbox_state() {
    local inputs=(setup.cfg setup.py pyproject.toml requirements/constraints.txt)
    { echo "$VSSLBOX_ROOT"; python -VV; cat "${inputs[@]/#/$VSSLBOX_ROOT/}"; } | cksum
}

_vsslbox_install() {
    local extras=lite${1:+,$1} pins status=0
    if python -c 'from importlib.metadata import version; version("mmcv")' 2>/dev/null; then
        extras=$1 # mmcv-lite would overwrite the compiled mmcv
    fi
    echo "vsslbox: installing into $(python -c 'import sys; print(sys.prefix)')" \
        '(minutes the first time, then seconds)'
    pins=$(mktemp)
    _vsslbox_pins >"$pins" &&
        _vsslbox_pip --constraint "$pins" --editable "$VSSLBOX_ROOT${extras:+[$extras]}" || status=$?
    rm -f "$pins"
    return "$status"
}

# Installs silently; shows pip's output if it fails.
_vsslbox_pip() {
    local output
    if ! output=$(python -m pip install --progress-bar off "$@" 2>&1); then
        echo "$output" >&2
        echo 'vsslbox: the installation failed; see the output of pip above' >&2
        return 1
    fi
}

# Prints the constraints that apply: those of packages that a foreign environment lacks, and none on
# a Python version for which some pinned versions do not exist.
_vsslbox_pins() {
    python - "$VSSLBOX_ROOT" <<'EOF'
import re
import sys
from importlib.metadata import distributions
from pathlib import Path


def canonical(name):
    return re.sub(r'[-_.]+', '-', name).lower()


root = Path(sys.argv[1])
kept = set()
if Path(sys.prefix).resolve() != (root / '.venv').resolve():
    kept = {canonical(d.metadata['Name']) for d in distributions()}
if sys.version_info >= (3, 11):
    for line in (root / 'requirements' / 'constraints.txt').read_text().splitlines():
        if canonical(line.partition('==')[0]) not in kept:
            print(line)
EOF
}

# opencv-python needs libGL and other desktop libraries, which servers often lack. Its headless build
# writes the same folder and does not need them.
_vsslbox_check_opencv() {
    local error version
    error=$(python -c 'import cv2' 2>&1) && return
    if [[ $error != *ImportError:*lib*.so* ]]; then
        echo "$error" >&2
        return 1
    fi
    version=$(python -c 'from importlib.metadata import version; print(version("opencv-python"))')
    echo "vsslbox: replacing OpenCV with opencv-python-headless $version (${error##*ImportError: })"
    _vsslbox_pip --no-deps --force-reinstall "opencv-python-headless==$version" &&
        python -c 'import cv2'
}
