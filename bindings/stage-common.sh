# Sourced by stage-r.sh and stage-python.sh: what both staged packages carry. SRCDIR and BUILDDIR are set; nothing is written there.
set -eu
: "${SWIG:=swig}"
fail() { echo "$0: $*" >&2; exit 1; }

# The version stands in AC_INIT and nowhere else.
package_version() {
    sed -n 's/^AC_INIT(\[libest\], *\[\([^]]*\)\].*/\1/p' "$SRCDIR/configure.ac"
}

# Every C file of the library but the program; the generated files from the build folder.
library_sources() {
    (cd "$SRCDIR" && find libest -name '*.c' ! -path 'libest/cli/*' ! -path 'libest/data/bundled_*.c' | LC_ALL=C sort)
    printf "%s\n" libest/data/bundled_data.c libest/data/bundled_text.c
}

copy_library() { # destination
    mkdir -p "$1"
    (cd "$SRCDIR" && find libest include -name '*.[ch]' ! -path 'libest/cli/*' ! -path 'libest/data/bundled_*.c') |
        while IFS= read -r file; do
            mkdir -p "$1/$(dirname "$file")"
            cp "$SRCDIR/$file" "$1/$file"
        done
    local generated
    for generated in bundled_data.c bundled_text.c; do
        [ -f "$BUILDDIR/libest/data/$generated" ] || fail "$BUILDDIR/libest/data/$generated is missing: run make first"
        cp "$BUILDDIR/libest/data/$generated" "$1/libest/data/"
    done
    cp "$SRCDIR/bindings/swig/shim.h" "$SRCDIR/bindings/swig/shim.c" "$1/"
    chmod -R u+w "$1"
}

# A folder that this script made before, or a new one; anything else is not touched.
fresh_folder() { # folder, a file that marks it as ours
    if [ -e "$1" ]; then
        [ -f "$1/$2" ] || [ -z "$(ls -A "$1")" ] || fail "$1 exists and was not made by this script"
        chmod -R u+w "$1"
        rm -r "$1"
    fi
    mkdir -p "$1"
}
