#!/usr/bin/env bash
# Instructions of one fit, for docs/performance.md. Usage: instructions.sh BENCH
# `perf stat` where the processor's counters can be read, else valgrind. The start of the program is taken off.
set -u
bench=${1:?usage: instructions.sh BENCH}
export OPENBLAS_NUM_THREADS=1

by_perf() { perf stat -x, -e instructions:u "$@" 2>&1 >/dev/null | awk -F, '$3 ~ /^instructions/ {print $1}'; }
by_valgrind() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$@" 2>&1 >/dev/null | awk '/Collected/ {print $NF}'
}

if [[ $(by_perf true 2>/dev/null) =~ ^[0-9]+$ ]]; then
    count=by_perf
elif command -v valgrind >/dev/null 2>&1; then
    count=by_valgrind
else
    echo "neither perf's counters nor valgrind are there: instructions are not counted"
    exit 0
fi
printf '| lists | model | iterations | instructions |\n|---:|---|---:|---:|\n'
for lists in 3 4 5 6; do
    one=$($count "$bench" --one-fit 1 "$lists")
    many=$($count "$bench" --one-fit 1001 "$lists")
    said=$("$bench" --one-fit 1 "$lists")
    model=${said#* of }
    iterations=${said##*: }
    printf "| %s | %s | %s | %d |\n" "$lists" "${model%: *}" "${iterations%% *}" $(((many - one) / 1000))
done
