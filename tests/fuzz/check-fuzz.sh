#!/usr/bin/env bash
# Feeds a fixed number of mutated files to the CSV reader, with clang's sanitizers on. A longer run: README.md beside this.
set -u
compiler=${CLANG:-clang}
command -v "$compiler" >/dev/null || { echo "skipped: no clang (Debian: clang)"; exit 77; }
scratch=$(mktemp -d) || exit 99
trap 'rm -r "$scratch"' EXIT
flags="-std=c11 -D_POSIX_C_SOURCE=200809L -DEST_VERSION=\"fuzz\" -g -O1 -pthread"
sanitizers="-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined"

echo 'int LLVMFuzzerTestOneInput(const char *b, unsigned long n); int LLVMFuzzerTestOneInput(const char *b, unsigned long n)
    { return b && n > 9999999; }' >"$scratch/probe.c"
"$compiler" $flags $sanitizers "$scratch/probe.c" -o "$scratch/probe" 2>/dev/null ||
    { echo "skipped: $compiler has no libFuzzer or no sanitizers"; exit 77; }

sources=$(find "$srcdir/libest/data" "$srcdir/libest/core" -name '*.c' ! -name bundled_data.c)
"$compiler" $flags $sanitizers -I"$srcdir/include" -I"$srcdir/libest" "$srcdir/tests/fuzz/fuzz_csv.c" $sources \
    "$top_builddir/libest/data/bundled_data.c" -lcsv -lnettle -lm -o "$scratch/fuzz_csv" || exit 1
mkdir "$scratch/corpus" && cp "$srcdir"/datasets/*_periods.csv "$srcdir/datasets/korea.csv" "$scratch/corpus" || exit 99
cd "$scratch" || exit 99
ASAN_OPTIONS=detect_leaks=1 ./fuzz_csv -dict="$top_srcdir/tests/fuzz/csv.dict" -max_len=1024 -seed=1 -runs=100000 \
    -timeout=10 corpus >log 2>&1 || { tail -n 60 log; exit 1; }
tail -n 1 log
