#!/usr/bin/env bash
# The quick run ends and gives answers. No time is looked at.
set -u
bench=${BENCH:-$top_builddir/tests/bench/bench}
export OPENBLAS_NUM_THREADS=1
out=$(mktemp) || exit 99
trap 'rm -f "$out"' EXIT
status=0
fail() { echo "smoke.sh: $1"; status=1; }

"$bench" --quick >"$out" || fail "bench --quick ended with $?"
grep -q '6893 models, 6519 with an estimate' "$out" || fail "expected 6893 models of five lists, 6519 with an estimate"
# The same limits with one thread and with two.
limits=$(sed -n 's/.*[0-9]* + BCa of uk_2013_five.* deletions; \([0-9]* to [0-9]*\).*/\1/p' "$out")
[ "$(wc -l <<<"$limits")" = 2 ] || fail "found BCa limits '$limits', expected two lines"
[ "$(sort -u <<<"$limits" | wc -l)" = 1 ] || fail "BCa limits differ between one thread and two: $limits"
awk '/^Peak memory/ {on = 1; next} on && /KiB/ && $5 <= 0 {bad = 1} on && /KiB/ {rows++} END {exit bad || rows < 2}' "$out" ||
    fail "no peak memory was read"
"$bench" --only nothing >/dev/null 2>&1
[ $? = 2 ] || fail "an unknown topic is not refused"
peers=$top_srcdir/tests/bench/peers.sh
RSCRIPT=no-such-program bash "$peers" "$bench" "$top_srcdir/datasets" --quick >"$out" || fail "peers.sh fails without R"
grep -q 'Rscript is not installed' "$out" || fail "peers.sh does not say that R is absent"

# Files and their formats: the same 285 estimates, nothing left behind.
folder=$(mktemp -d) || exit 99
trap 'rm -rf "$out" "$folder"' EXIT
tool=${SURVEY_TOOL:-$top_builddir/tests/bench/survey_tool}
survey=$top_srcdir/tests/bench/survey.sh
TMPDIR=$folder RSCRIPT=no-such-program bash "$survey" "$tool" "${EST:-$top_builddir/est}" --quick >"$out" || fail "survey.sh ended with $?"
[ "$(grep -c '285 estimates$' "$out")" = 2 ] || fail "expected 285 estimates of two files"
[ "$(grep -c 'the same bytes' "$out")" = 4 ] || fail "expected the same bytes with two and seven threads, from .dta and from .sav"
awk '/peak memory beyond/ {rows++; bad = bad || !($8 > 0)} END {exit bad || rows != 2}' "$out" || fail "survey.sh reads no peak memory"
[ -z "$(ls -A "$folder")" ] || fail "survey.sh leaves files behind"
exit $status
