#!/usr/bin/env bash
# Usage: summary.sh BUILD_DIR     prints "N passed, N failed, N skipped" over the last `make check` in BUILD_DIR.
# A test program counts as its cases where its log says how many there were (cmocka, or a last line "N passed, N failed");
# else as one. Exit status 1 if anything failed or nothing ran.
set -u
passed=0 failed=0 skipped=0

cases() { # log: passed failed skipped, of what the program says itself
    awk '
        /^\[  PASSED  \] [0-9]+ test/ { passed += $4 }
        /^\[  FAILED  \] [0-9]+ test/ { failed += $4 }
        /^\[  SKIPPED \] [0-9]+ test/ { skipped += $4 }
        /^[0-9]+ passed, [0-9]+ failed/ { passed += $1; failed += $3; skipped += $5 }
        END { print passed + 0, failed + 0, skipped + 0 }' "$1"
}

while IFS= read -r trs; do
    result=$(sed -n 's/^:global-test-result: //p' "$trs")
    read -r p f s < <(cases "${trs%.trs}.log")
    case $result in
        PASS | XFAIL) [ $((p + s)) -gt 0 ] || p=1 ;;
        SKIP) [ "$s" -gt 0 ] || s=1 ;;
        *) [ "$f" -gt 0 ] || f=1 ;;
    esac
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
done < <(find "$1/tests" -name '*.trs')
printf '%d passed, %d failed, %d skipped\n' $passed $failed $skipped
[ $failed -eq 0 ] && [ $passed -gt 0 ]
