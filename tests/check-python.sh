#!/usr/bin/env bash
# Stages the Python package with its C sources, builds it into the build folder (stage/python-library, where
# the examples find it), and runs its tests. Usage: check-python.sh [SRCDIR BUILDDIR], else by `make check`.
set -u
source_tree=$(cd "${1:-${top_srcdir:-${srcdir:-.}}}" && pwd) && build=$(cd "${2:-${top_builddir:-.}}" && pwd) || exit 99
PYTHON=${PYTHON:-/usr/bin/python3} SWIG=${SWIG:-swig}
export SWIG PYTHONDONTWRITEBYTECODE=1
command -v "$SWIG" >/dev/null || { echo "skipped: no program '$SWIG'"; exit 77; }
"$PYTHON" -c 'import numpy, setuptools, sysconfig, os
assert os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h"))' 2>/dev/null ||
    { echo "skipped: $PYTHON has no NumPy, no setuptools or no Python.h"; exit 77; }

stage=$build/stage/python log=$build/stage/python.log library=$build/stage/python-library
mkdir -p "$build/stage"
{
    sh "$source_tree/bindings/stage-python.sh" "$source_tree" "$build" "$stage" && cd "$stage" &&
        "$PYTHON" setup.py -q build_ext -j2 build --build-lib "$stage/build/library" &&
        rm -rf "$library" && mkdir -p "$library" && cp -R build/library/. "$library/"
} >"$log" 2>&1 || { tail -15 "$log"; echo "the Python package cannot be built"; echo "0 passed, 1 failed"; exit 1; }

scratch=$(mktemp -d) || exit 99
trap 'rm -r "$scratch"' EXIT
cd "$scratch" || exit 99
PYTHONPATH=$library "$PYTHON" -W error::DeprecationWarning "$source_tree/bindings/python/tests" >out 2>&1
status=$?
[ $status -eq 0 ] || cat out
tail -1 out
exit $status
