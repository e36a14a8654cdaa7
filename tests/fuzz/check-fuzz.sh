#!/usr/bin/env bash
# Feeds a fixed number of mutated files to the CSV reader, to scans and to the reader of .dta and .sav, with clang's sanitizers on.
# A longer run: README.md.
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

mkdir "$scratch/objects" "$scratch/corpus" "$scratch/none" || exit 99
cp "$srcdir"/datasets/*_periods.csv "$srcdir/datasets/korea.csv" "$scratch/corpus" || exit 99
{ find "$srcdir/libest/data" "$srcdir/libest/core" -name '*.c' ! -name 'bundled_data.c' ! -name 'bundled_text.c'
  printf '%s\n' "$top_builddir/libest/data/bundled_data.c" "$top_builddir/libest/data/bundled_text.c"; } |
    while IFS= read -r source; do
        "$compiler" $flags -DEST_I_WINDOW_BYTES=48 ${sanitizers/fuzzer/fuzzer-no-link} -I"$srcdir/include" -I"$srcdir/libest" \
            -c "$source" -o "$scratch/objects/$(basename "$(dirname "$source")")-$(basename "$source" .c).o" || exit 1
    done || exit 1

# Runs, the longest input, and the files to begin with. A damaged .dta or .sav is told in few bytes: fuzz_readstat.c.
while read -r target runs most files; do
    "$compiler" $flags $sanitizers -I"$srcdir/include" -I"$srcdir/libest" "$srcdir/tests/fuzz/$target.c" "$scratch"/objects/*.o \
        -lcsv -linih -ljansson -lnettle -lreadstat -lm -o "$scratch/$target" || exit 1
    # Started in the scratch folder: a crash leaves its file there.
    (cd "$scratch" && ASAN_OPTIONS=detect_leaks=1 "./$target" -dict="$top_srcdir/tests/fuzz/csv.dict" -max_len="$most" -seed=1 \
        -runs="$runs" -timeout=10 "$files" >log 2>&1) || { tail -n 60 "$scratch/log"; exit 1; }
    tail -n 1 "$scratch/log"
done <<'TARGETS'
fuzz_csv 100000 1024 corpus
fuzz_scan 20000 1024 corpus
fuzz_readstat 30000 256 none
TARGETS
