#!/bin/sh
# Usage: stage-r.sh SRCDIR BUILDDIR DESTINATION
# Makes DESTINATION the source of the R package libest, C sources included: ready for R CMD build and R CMD INSTALL.
[ $# -eq 3 ] || { echo "usage: stage-r.sh SRCDIR BUILDDIR DESTINATION" >&2; exit 2; }
SRCDIR=$(cd "$1" && pwd) BUILDDIR=$(cd "$2" && pwd) PACKAGE=$3
. "$SRCDIR/bindings/stage-common.sh"

fresh_folder "$PACKAGE" DESCRIPTION
cp -R "$SRCDIR/bindings/r/libest/." "$PACKAGE/"
chmod -R u+w "$PACKAGE"
cp "$SRCDIR/COPYING" "$PACKAGE/"
sed "s/@VERSION@/$(package_version)/" "$SRCDIR/bindings/r/libest/DESCRIPTION" > "$PACKAGE/DESCRIPTION"
copy_library "$PACKAGE/src"

unused=$(mktemp -d) # the R code that SWIG writes is not shipped
trap 'rm -r "$unused"' EXIT
"$SWIG" -r -I"$SRCDIR/bindings/swig" -outdir "$unused" -o "$PACKAGE/src/libest_wrap.c" "$SRCDIR/bindings/swig/est_r.i"
{ library_sources; echo shim.c; echo libest_wrap.c; } | sed 's/\.c$/.o/' > "$PACKAGE/src/objects.txt"
