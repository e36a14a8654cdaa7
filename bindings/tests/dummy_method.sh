#!/usr/bin/env bash
# A method added by one file and one line of the registry is there in the program, in R and in Python, without any other change.
# Usage: dummy_method.sh [SRCDIR BUILDDIR], else by `make check`. Works in a scratch copy of the tree.
set -u
source_tree=$(cd "${1:-${top_srcdir:-${srcdir:-.}}}" && pwd) && build=$(cd "${2:-${top_builddir:-.}}" && pwd) || exit 99
R=${R:-R} SWIG=${SWIG:-swig} PYTHON=${PYTHON:-/usr/bin/python3} CC=${CC:-cc}
export SWIG PYTHONDONTWRITEBYTECODE=1 MAKEFLAGS=-j2
scratch=$(mktemp -d) || exit 99
trap 'rm -rf "$scratch"' EXIT
passed=0 failed=0 skipped=0

copy_tree() {
    mkdir "$scratch/tree"
    cp -R "$source_tree/include" "$source_tree/libest" "$source_tree/bindings" "$source_tree/configure.ac" \
        "$source_tree/COPYING" "$scratch/tree/" &&
        chmod -R u+w "$scratch/tree" &&
        cp "$build/libest/data/bundled_data.c" "$build/libest/data/bundled_text.c" "$scratch/tree/libest/data/" &&
        cp "$source_tree/bindings/tests/dummy_method.c" "$scratch/tree/libest/mse/dummy.c" && # the one file
        echo 'EST_METHOD(dummy)' >>"$scratch/tree/libest/methods.h"                           # the one line
}

check() { # name, expected output, command...
    local name=$1 expected=$2 found
    shift 2
    found=$("$@" 2>"$scratch/stderr")
    if [ "$found" = "$expected" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'failed: %s\n found: %s\n expected: %s\n' "$name" "$found" "$expected"
        tail -5 "$scratch/stderr"
    fi
}

build_program() {
    cd "$scratch/tree" &&
        find libest -name '*.c' | sort | xargs -P 2 -I FILE sh -c '"$0" -O1 -std=c11 -D_POSIX_C_SOURCE=200809L \
            -DEST_VERSION="\"0\"" -ffp-contract=off -Iinclude -Ilibest -c FILE -o "$(echo FILE | tr / _).o"' "$CC" &&
        "$CC" libest_*.o -o est -lgsl -lopenblas -lcsv -linih -ljansson -lreadstat -lnettle -lm -lpthread
}

build_r() {
    mkdir -p "$scratch/r-library" &&
        sh "$scratch/tree/bindings/stage-r.sh" "$scratch/tree" "$scratch/tree" "$scratch/r/libest" &&
        "$R" CMD INSTALL --no-docs --no-test-load --library="$scratch/r-library" "$scratch/r/libest"
}

build_python() {
    sh "$scratch/tree/bindings/stage-python.sh" "$scratch/tree" "$scratch/tree" "$scratch/python" &&
        cd "$scratch/python" && "$PYTHON" setup.py -q build_ext -j2 --inplace
}

face() { # name, test for its programs, build function; 0 = ready
    eval "$2" >/dev/null 2>&1 || { echo "skipped: $1"; skipped=$((skipped + 1)); return 1; }
    ("$3") >"$scratch/log" 2>&1 && return 0
    echo "failed: $1 cannot be built"
    tail -20 "$scratch/log"
    failed=$((failed + 1))
    return 1
}

copy_tree || { echo "the tree cannot be copied"; exit 99; }
if face "the program" true build_program; then
    cd "$scratch" || exit 99
    check "est methods" 1 sh -c 'tree/est methods | grep -c "^ *dummy "'
    check "est dummy" 0 sh -c 'tree/est dummy dataset:kosovo_1999 >program.txt; echo $?'
fi
if face "R" 'command -v "$R" && command -v "$SWIG"' build_r; then
    cat >"$scratch/dummy.R" <<'END'
library(libest)
result <- suppressWarnings(est_run("dummy", est_dataset("kosovo_1999")))
cat(result$text, file = "r.txt")
cat("dummy" %in% est_methods()$id, result$rows$estimand, format(result$rows$estimate, digits = 10))
END
    cd "$scratch" || exit 99
    check "est_methods() and est_run()" "TRUE mean 293.3333333" env R_LIBS="$scratch/r-library" "$R" --vanilla --slave -f dummy.R
    [ ! -f program.txt ] || check "the text in R" "" cmp program.txt r.txt
fi
if face "Python" '"$PYTHON" -c "import numpy, setuptools" && command -v "$SWIG"' build_python; then
    cat >"$scratch/dummy.py" <<'END'
import libest as est
import warnings

warnings.simplefilter("ignore")
result = est.run("dummy", est.dataset("kosovo_1999", as_frame=False))
print("dummy" in est.methods(), result.rows[0].estimand, f"{result.rows[0].estimate:.7f}")
with open("python.txt", "w", encoding="utf-8") as file:
    file.write(result.text)
END
    cd "$scratch" || exit 99
    check "est.methods() and est.run()" "True mean 293.3333333" env PYTHONPATH="$scratch/python/src" "$PYTHON" dummy.py
    [ ! -f program.txt ] || check "the text in Python" "" cmp program.txt python.txt
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
