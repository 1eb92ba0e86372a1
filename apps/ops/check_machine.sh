#!/bin/sh
# Says what this machine still needs before anything is installed. Argument: the Python to use.
python="$1"

if [ -z "$python" ] || ! "$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null; then
    found=$([ -n "$python" ] && "$python" --version 2>&1 | head -n 1 || echo "no Python 3")
    echo "Lipsmith needs Python 3.11 or 3.12; this machine has $found." >&2
    echo "Install one (Debian, Ubuntu: sudo apt-get install python3.11 python3.11-venv), or name it:" >&2
    echo "    make run PYTHON=/path/to/python3.11" >&2
    exit 1
fi

if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    echo "This Python cannot make virtual environments. On Debian and Ubuntu:" >&2
    echo "    sudo apt-get install python$version-venv" >&2
    exit 1
fi

missing=$("$python" - <<'PROBE'
import ctypes
import sys

WANTED = {"libGL.so.1": "libgl1", "libglib-2.0.so.0": "libglib2.0-0"}
packages = []
for library, package in WANTED.items():
    try:
        ctypes.CDLL(library)
    except OSError:
        packages.append(package)
sys.stdout.write(" ".join(packages) if sys.platform == "linux" else "")
PROBE
)
if [ -n "$missing" ]; then
    echo "This machine lacks system libraries that reading pictures needs. On Debian and Ubuntu:" >&2
    echo "    sudo apt-get install $missing" >&2
    exit 1
fi
