#!/bin/sh
# Usage: stage-python.sh SRCDIR BUILDDIR DESTINATION
# Makes DESTINATION the source of the Python package libest, C sources included: ready for pip and python3 -m build.
[ $# -eq 3 ] || { echo "usage: stage-python.sh SRCDIR BUILDDIR DESTINATION" >&2; exit 2; }
SRCDIR=$(cd "$1" && pwd) BUILDDIR=$(cd "$2" && pwd) PACKAGE=$3
. "$SRCDIR/bindings/stage-common.sh"

fresh_folder "$PACKAGE" pyproject.toml
cp -R "$SRCDIR/bindings/python/." "$PACKAGE/"
chmod -R u+w "$PACKAGE"
cp "$SRCDIR/COPYING" "$PACKAGE/"
sed "s/@VERSION@/$(package_version)/" "$SRCDIR/bindings/python/pyproject.toml" > "$PACKAGE/pyproject.toml"
copy_library "$PACKAGE/csrc"
"$SWIG" -python -I"$SRCDIR/bindings/swig" -outdir "$PACKAGE/src/libest" -o "$PACKAGE/csrc/low_wrap.c" \
    "$SRCDIR/bindings/swig/est_python.i"
{ library_sources; echo shim.c; echo low_wrap.c; } | sed 's|^|csrc/|' > "$PACKAGE/sources.txt"
