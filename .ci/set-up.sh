#!/bin/sh
# Makes .venv ready to run and test the program. `make` calls this where .venv is missing or out of date.
set -eu
cd "$(dirname "$0")/.."

fail() {
    echo "$*" >&2
    exit 1
}

new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

if [ -n "${PYTHON:-}" ]; then
    new_enough "$PYTHON" || fail "PYTHON=$PYTHON is no Python 3.11 or newer."
else
    for PYTHON in python3 python3.13 python3.12 python3.11 python3.14 python none; do
        if new_enough "$PYTHON"; then break; fi
    done
    [ "$PYTHON" != none ] || fail "Python 3.11 or newer is needed and was not found; name one with: make PYTHON=/path/to/python3"
fi

"$PYTHON" .ci/system_libraries.py

venv=.venv
bin=$venv/bin
case "$(uname -s)" in MINGW* | MSYS* | CYGWIN*) bin=$venv/Scripts ;; esac

if ! new_enough "$bin/python" || ! "$bin/python" -m pip --version >/dev/null 2>&1; then
    version=$("$PYTHON" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    if ! "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        DEBIAN_FRONTEND=noninteractive apt-get install -y -q "python$version-venv" </dev/null || true
    fi
    "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null ||
        fail "This Python cannot make virtual environments; on Debian and Ubuntu: sudo apt-get install python$version-venv"
    "$PYTHON" -m venv --clear "$venv"
fi

quiet=-q
if [ -t 1 ]; then quiet=; fi
echo "Installing into $venv; the first time this takes some minutes."
"$bin/python" -m pip install $quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'

reason=$(QT_QPA_PLATFORM=offscreen "$bin/python" -c 'from PySide6.QtWidgets import QApplication; QApplication([])' 2>&1) ||
    fail "Qt does not start: $(echo "$reason" | tail -n 1)"

touch "$venv/.installed"
