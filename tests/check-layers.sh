#!/usr/bin/env bash
# Reads the includes of the sources and fails on an arrow that points upward between the layers (docs/architecture.md).
# Usage: check-layers.sh [TREE]     TREE is the top of the sources; without it, $srcdir, and then a tree with known faults.
set -u

layers() { # layer, then the layers it may include
    cat <<'TABLE'
core
data core
numerics core
mse data numerics core
survey data numerics core
hidden survey data numerics core
indicators survey mse data core
trends mse survey data numerics core
report core
TABLE
}

# The one layer that may include each third-party header; nothing else may.
owner_of() {
    case $1 in
        gsl/* | cblas.h | lapacke.h | Random123/*) echo numerics ;;
        csv.h | readstat.h | nettle/* | ini.h | jansson.h) echo data ;;
        est.h | est/*) echo any ;;
        pthread.h | unistd.h | fcntl.h | locale.h | strings.h | getopt.h | poll.h | sys/*) echo any ;;
        assert.h | complex.h | ctype.h | errno.h | fenv.h | float.h | inttypes.h | limits.h | math.h | setjmp.h | signal.h | \
            stdalign.h | stdarg.h | stdatomic.h | stdbool.h | stddef.h | stdint.h | stdio.h | stdlib.h | string.h | time.h)
            echo any ;;
        *) echo unknown ;;
    esac
}

# file:line:header, quoted headers with their quotes
includes() {
    grep -nE '^[[:space:]]*#[[:space:]]*include' "$@" /dev/null |
        sed -E 's/^([^:]*:[0-9]+):[[:space:]]*#[[:space:]]*include[[:space:]]*(<([^>]*)>|("[^"]*")).*/\1:\3\4/'
}

faults=0
fault() {
    printf '%s: %s\n' "$1" "$2"
    faults=$((faults + 1))
}

check_layer() { # layer, allowed layers
    local layer=$1 place header name folder
    shift
    local files
    files=$(find "$tree/libest/$layer" -name '*.[ch]' ! -name 'bundled_*.c' 2>/dev/null)
    [ -n "$files" ] || return 0
    while IFS= read -r line; do
        place=${line%:*}
        header=${line##*:}
        case $header in
            \"*/*)
                name=${header//\"/}
                folder=${name%%/*}
                case " $layer $* " in
                    *" $folder "*) ;;
                    *) fault "$place" "$layer may not include $header" ;;
                esac ;;
            \"*) ;;
            *)
                case $(owner_of "$header") in
                    any | "$layer") ;;
                    unknown) fault "$place" "<$header> is not a header that a layer may use" ;;
                    *) fault "$place" "<$header> belongs to $(owner_of "$header"), not to $layer" ;;
                esac ;;
        esac
    done < <(includes $files)
}

# These stand outside the library: public headers and their own files, nothing of libest/.
check_outside() {
    local what=$1 place header
    shift
    [ $# -gt 0 ] || return 0
    while IFS= read -r line; do
        place=${line%:*}
        header=${line##*:}
        case $header in
            \"core/* | \"data/* | \"numerics/* | \"mse/* | \"survey/* | \"hidden/* | \"indicators/* | \"trends/* | \"report/* | \
                \"*..* | \"methods.h\" | \"libest/*)
                fault "$place" "$what may include <est.h> only, not $header" ;;
            gsl/* | cblas.h | Random123/* | csv.h | readstat.h) fault "$place" "$what may not include <$header>" ;;
        esac
    done < <(includes "$@")
}

# A public header may include public and standard headers only.
check_public() {
    local place header
    while IFS= read -r line; do
        place=${line%:*}
        header=${line##*:}
        case $header in
            est/* | std*.h | limits.h) ;;
            *) fault "$place" "a public header may not include $header" ;;
        esac
    done < <(includes "$tree"/include/est.h "$tree"/include/est/*.h)
}

check_known() {
    local folder name
    for folder in "$tree"/libest/*/; do
        name=$(basename "$folder")
        [ "$name" = cli ] || layers | grep -q "^$name\( \|\$\)" ||
            fault "libest/$name" "is no layer that tests/check-layers.sh knows"
    done
}

check_tree() {
    tree=$1
    faults=0
    check_known
    while read -r layer allowed; do
        check_layer "$layer" $allowed
    done < <(layers)
    check_outside "the command line program" $(find "$tree/libest/cli" -name '*.[ch]' 2>/dev/null)
    check_outside "a binding" $(find "$tree/bindings" -path '*/tests/*' -prune -o \( -name '*.[chi]' -o -name '*.cpp' \) -print 2>/dev/null)
    check_public
}

# The check itself must see each kind of fault.
check_the_check() {
    local fake
    fake=$(mktemp -d) || exit 99
    mkdir -p "$fake"/include/est "$fake"/libest/{core,mse,data,trends,cli,attic} "$fake"/bindings/swig
    echo '#include <gsl/gsl_rng.h>' >"$fake/include/est.h"
    echo '#include <est/error.h>' >"$fake/include/est/table.h"
    echo '#include "data/table.h"' >"$fake/libest/core/text.c"
    printf '#include <gsl/gsl_sf.h>\n#include "numerics/rng.h"\n#include "trends/trend.h"\n' >"$fake/libest/mse/fit.c"
    echo '#  include <jansson.h>' >"$fake/libest/core/json.c"
    echo '#include "core/text.h"' >"$fake/libest/cli/main.c"
    echo '#include "../../libest/core/text.h"' >"$fake/bindings/swig/shim.h"
    check_tree "$fake" >/dev/null
    rm -r "$fake"
    [ $faults -eq 8 ] || { echo "the check found $faults of 8 known faults"; exit 1; }
}

if [ $# -gt 0 ]; then
    check_tree "$1"
else
    check_the_check
    check_tree "${srcdir:-.}"
fi
[ $faults -eq 0 ] && echo "no upward arrow"
exit $((faults > 0))
