#!/usr/bin/env bash
# The shared library shows exactly the functions of tests/exports.txt, which are exactly those the public headers declare; it
# calls nothing that prints, exits, or changes the process; and its BLAS is OpenBLAS.
set -u
export LC_ALL=C
library=${top_builddir:-.}/.libs/libest.so
[ -e "$library" ] || { echo "skipped: no shared library was built"; exit 77; }
nm -D --defined-only "$library" >/dev/null 2>&1 || { echo "skipped: nm cannot read the library"; exit 77; }

status=0
expect() { # title, file expected, file found
    diff -u --label "$1, expected" --label "$1, found" "$2" "$3" || status=1
}

scratch=$(mktemp -d) || exit 99
trap 'rm -r "$scratch"' EXIT
grep -v '^#' "$srcdir/tests/exports.txt" | sort >"$scratch/listed"
nm -D --defined-only "$library" | awk '{print $NF}' | sort >"$scratch/exported"
# Functions are declared as "type name(", not within a struct, where the name stands in brackets.
sed 's|/\*.*\*/||' "$srcdir"/include/est.h "$srcdir"/include/est/*.h |
    grep -oE '^(const )?[a-z_]+ \*?est_[a-z0-9_]+\(' | grep -oE 'est_[a-z0-9_]+\(' | tr -d '(' | sort -u >"$scratch/declared"
expect "symbols of libest.so" "$scratch/listed" "$scratch/exported"
expect "functions of the public headers" "$scratch/listed" "$scratch/declared"

forbidden='abort|exit|_exit|atexit|printf|vprintf|puts|putchar|perror|stdout|stderr|setlocale|signal|sigaction|getenv|secure_getenv|setenv|rand|srand|random|srandom|drand48|system|popen|fork|__printf_chk|__vprintf_chk|__assert_fail'
nm -D --undefined-only "$library" | awk '{print $NF}' | sed 's/@.*//' | grep -xE "$forbidden" >"$scratch/called"
: >"$scratch/none"
expect "calls that a library must not make" "$scratch/none" "$scratch/called"

if needed=$(readelf -d "$library" 2>/dev/null | grep NEEDED); then
    grep -q 'libopenblas' <<<"$needed" || { echo "libest.so is not linked to OpenBLAS"; status=1; }
    grep -q 'gslcblas' <<<"$needed" && { echo "libest.so is linked to gslcblas, which would win over OpenBLAS"; status=1; }
fi
exit $status
