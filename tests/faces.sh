# Sourced by tests that run code as a user would, in each language, against this build. It needs srcdir and top_builddir.
# run_face LANGUAGE FILE  runs one file; 0 = ran and answered, 1 = failed, 77 = skipped. Both kinds say why. `answer` is its output.
build=$(cd "$top_builddir" && pwd)
source_tree=$(cd "$srcdir" && pwd)
scratch=$(mktemp -d) || exit 99
trap 'rm -r "$scratch"' EXIT
export PATH=$build:$PATH LD_LIBRARY_PATH=$build/.libs R_LIBS=$build/stage/r-library PYTHONPATH=$build/stage/python-library
export PYTHONDONTWRITEBYTECODE=1
passed=0 failed=0 skipped=0 answer=

run_c() {
    ${CC:-cc} -std=c11 -Wall -Wextra -Werror -I"$source_tree/include" "$1" -L"$build/.libs" -lest -o "$scratch/program" &&
        "$scratch/program"
}

why_not() { # language: the reason it cannot run here, or nothing
    case $1 in
        c) [ -e "$build/.libs/libest.so" ] || echo "no shared library was built" ;;
        r) [ -d "$R_LIBS/libest" ] || echo "the R package was not built" ;;
        python) [ -d "$PYTHONPATH/libest" ] || echo "the Python package was not built" ;;
    esac
}

run_face() {
    local reason
    reason=$(why_not "$1")
    [ -z "$reason" ] || { echo "skipped: $2: $reason"; return 77; }
    cd "$scratch" || return 1
    case $1 in
        sh) answer=$(sh -eu "$2") ;;
        c) answer=$(run_c "$2") ;;
        r) answer=$("${R:-R}" --vanilla --slave -f "$2") ;;
        python) answer=$("$PYTHON" "$2") ;;
    esac || { echo "failed: $2"; echo "$answer"; return 1; }
    grep -q '[0-9]' <<<"$answer" || { echo "failed: $2 printed no number"; return 1; }
}

count_face() { # language, file
    run_face "$@"
    case $? in
        0) passed=$((passed + 1)) ;;
        77) skipped=$((skipped + 1)) ;;
        *) failed=$((failed + 1)) ;;
    esac
}

# The last lines of a test of several faces: its counts, and its exit status.
finish_faces() {
    echo "$passed passed, $failed failed, $skipped skipped"
    [ $failed -eq 0 ] || exit 1
    [ $passed -gt 0 ] || exit 77
    exit 0
}
