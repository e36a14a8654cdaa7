#!/usr/bin/env bash
# Feeds a fixed number of mutated files to the CSV reader and to scans, with clang's sanitizers on. A longer run: README.md.
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
mkdir "$scratch/corpus" && cp "$srcdir"/datasets/*_periods.csv "$srcdir/datasets/korea.csv" "$scratch/corpus" || exit 99
runs=100000
for target in fuzz_csv fuzz_scan; do
    "$compiler" $flags -DEST_I_WINDOW_BYTES=48 $sanitizers -I"$srcdir/include" -I"$srcdir/libest" \
        "$srcdir/tests/fuzz/$target.c" $sources \
        "$top_builddir/libest/data/bundled_data.c" -lcsv -lnettle -lreadstat -lm -o "$scratch/$target" || exit 1
    # Started in the scratch folder: a crash leaves its file there.
    (cd "$scratch" && ASAN_OPTIONS=detect_leaks=1 "./$target" -dict="$top_srcdir/tests/fuzz/csv.dict" -max_len=1024 -seed=1 \
        -runs=$runs -timeout=10 corpus >log 2>&1) || { tail -n 60 "$scratch/log"; exit 1; }
    tail -n 1 "$scratch/log"
    runs=20000
done
