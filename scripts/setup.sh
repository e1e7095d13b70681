#!/bin/sh
# Makes .venv with what is asked for: `setup.sh run` (the product) or `setup.sh dev` (also the test tools).
# Needs only Python >= 3.11; every version is pinned by constraints.txt. Does nothing when it is already up to date.
set -eu
cd "$(dirname "$0")/.."
what=${1:-run}
stamp=.venv/.$what-ready
[ "$what" = run ] && [ -e .venv/.dev-ready ] && stamp=.venv/.dev-ready
if [ -e "$stamp" ] && [ ! pyproject.toml -nt "$stamp" ] && [ ! constraints.txt -nt "$stamp" ]; then
    exit 0
fi

find_python() {
    for name in "${PYTHON:-python3}" python3.14 python3.13 python3.12 python3.11 python; do
        if command -v "$name" >/dev/null 2>&1 && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    echo "Osler needs Python 3.11 or newer; none was found. Name one with: make PYTHON=/path/to/python3 …" >&2
    exit 1
}

if [ ! -x .venv/bin/python ] || ! .venv/bin/python -c 'import pip' 2>/dev/null; then
    python=$(find_python)
    echo "Making .venv with $python"
    rm -rf .venv
    if ! "$python" -m venv .venv 2>/dev/null; then
        rm -rf .venv
        if "$python" -m pip --version >/dev/null 2>&1; then
            "$python" -m venv --without-pip .venv
            "$python" -m pip --python .venv/bin/python install --quiet pip
        else
            echo "This Python cannot make a virtual environment. On Debian or Ubuntu: apt-get install python3-venv" >&2
            exit 1
        fi
    fi
fi

echo "Installing Osler's packages into .venv (once; about a minute)"
extra=""
[ "$what" = dev ] && extra="[dev]"
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-warn-script-location -c constraints.txt -e ".$extra"
touch ".venv/.$what-ready"
