#!/usr/bin/env bash
# Compiles tests/api/test_cxx.cpp as C++ without a warning, links it to the library of this build and runs it.
set -u
compiler=${CXX:-c++}
command -v "$compiler" >/dev/null || { echo "skipped: no C++ compiler ($compiler)"; exit 77; }
scratch=$(mktemp -d) || exit 99
trap 'rm -r "$scratch"' EXIT
build=$(cd "$top_builddir" && pwd)
"$compiler" -std=c++11 -Wall -Wextra -Wpedantic -Werror -I"$srcdir/include" "$srcdir/tests/api/test_cxx.cpp" \
    -L"$build/.libs" -lest -Wl,-rpath,"$build/.libs" -o "$scratch/test_cxx" || exit 1
LD_LIBRARY_PATH=$build/.libs "$scratch/test_cxx"
