#!/usr/bin/env bash
# Survey estimates of files: time, memory, and R's survey on the same file. Usage: survey.sh TOOL EST [FLAGS of bench]
# TOOL: the program survey_tool; EST: the program est. BENCH_ROWS: rows of the largest file, default a million; 10000000 takes
# about five minutes and 0.9 GB of disk. Fails where results that must be the same bytes differ.
set -u
export LC_ALL=C OPENBLAS_NUM_THREADS=1
tool=${1:?usage: survey.sh TOOL EST [--quick] [--markdown] [--only TOPIC]}
program=${2:?usage: survey.sh TOOL EST [--quick] [--markdown] [--only TOPIC]}
quick='' markdown='' before=''
for flag in "${@:3}"; do
    [ "$flag" = --quick ] && quick=yes
    [ "$flag" = --markdown ] && markdown=yes
    [ "$before" = --only ] && [ "$flag" != surveys ] && exit 0
    before=$flag
done
rscript=${RSCRIPT:-Rscript}
here=$(cd "$(dirname "$0")" && pwd)
if [ -n "$quick" ]; then sizes=(5000 20000) largest=20000 million=20000
else
    largest=${BENCH_ROWS:-1000000}
    sizes=()
    for ((rows = 100000; rows < largest; rows *= 10)); do sizes+=("$rows"); done
    sizes+=("$largest")
    million=$((largest < 1000000 ? largest : 1000000))
fi
# In the build folder est is a script that starts the program: the time of the script is not est's.
folder=$(cd "$(dirname "$program")" && pwd)
program=$folder/$(basename "$program")
if [ -x "$folder/.libs/est" ]; then
    program=$folder/.libs/est
    export LD_LIBRARY_PATH=$folder/.libs${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
fi
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
status=0

# ---- measuring ----

declare -A cpu wall peak
least() { awk -v a="$1" -v b="$2" 'BEGIN {print (a == "" || b < a ? b : a)}'; }
greatest() { awk -v a="$1" -v b="$2" 'BEGIN {print (a == "" || b > a ? b : a)}'; }
calculate() { awk "BEGIN {printf \"%.6f\", $1}"; }

# Runs a command once; keeps the least CPU and wall seconds of its name and the highest peak. Output: $work/NAME.out.
measure() { # name, command...
    local name=$1 said
    shift
    if ! said=$("$tool" run "$work/$name.out" "$@" 2>"$work/said"); then
        echo "survey.sh: $name failed: $(head -c 300 "$work/said")" >&2
        exit 1
    fi
    read -r -a said <<<"$said"
    cpu[$name]=$(least "${cpu[$name]-}" "${said[0]}")
    wall[$name]=$(least "${wall[$name]-}" "${said[1]}")
    peak[$name]=$(greatest "${peak[$name]-}" "${said[2]}")
}

columns=(--weight weight --strata stratum --psu psu)
design=("${columns[@]}" --internal --quiet --format csv)
shares=(--mean "work,school,married" --by "county,sex")
survey() { # name, file, threads, options...
    local name=$1 file=$2 threads=$3
    shift 3
    measure "$name" "$program" survey "$file" "${design[@]}" --threads "$threads" "$@"
}

repetitions_of() { # rows
    if [ -n "$quick" ]; then echo 1; elif (($1 > 1000000)); then echo 2; else echo 5; fi
}

must_be_same() { # what, one output, another
    if cmp -s "$work/$2.out" "$work/$3.out"; then
        same="the same bytes"
    else
        same="OTHER BYTES" status=1
        echo "survey.sh: $1: the results differ" >&2
    fi
}

# ---- printing ----

title() {
    if [ -n "$markdown" ]; then
        printf '\n### %s\n\n| job | measured | must | must / measured | beside it |\n|---|---:|---:|---:|---|\n' "$1"
    else
        printf '\n%s\n%-58s %12s %10s %8s  %s\n' "$1" job measured must ratio "beside it"
    fi
}

row() { # job, measured with unit, limit with unit or -, beside it
    local ratio=-
    [ "$3" != - ] && ratio=$(awk -v m="${2%% *}" -v l="${3%% *}" 'BEGIN {if (m > 0) printf (l / m < 1000 ? "%.1f" : "%.0e"), l / m; else printf "-"}')
    if [ -n "$markdown" ]; then printf '| %s | %s | %s | %s | %s |\n' "$1" "$2" "$3" "$ratio" "$4"
    else printf '%-58s %12s %10s %8s  %s\n' "$1" "$2" "$3" "$ratio" "$4"; fi
}

seconds() { printf '%.3f s' "$1"; }
mib() { awk -v k="$1" 'BEGIN {printf "%.1f MiB", k / 1024}'; }

# Of a job, beyond the program as such.
memory() { mib "$((${peak[$1]} - ${peak[version]}))"; }
size() { mib "$(($(stat -c %s "$1") / 1024))"; }

# ---- topics ----

one_pass() {
    local rows runs i lowest='' highest='' limit found
    title "Survey: one pass over a CSV file, 3 proportions overall and by 47 counties and sex (285 estimates with SE)"
    for i in 1 2 3; do measure version "$program" --version; done
    for rows in "${sizes[@]}"; do
        "$tool" rows "$rows" "$work/$rows.csv" || exit 1
        runs=$(repetitions_of "$rows")
        for ((i = 0; i < runs; i++)); do
            measure "count$rows" "$tool" count "$work/$rows.csv"
            survey "pass$rows" "$work/$rows.csv" 1 "${shares[@]}"
        done
        limit=-
        ((rows >= 10000000)) && limit="$(calculate "3.5 * $rows / 10000000" | sed 's/0*$//') s"
        found=$(($(wc -l <"$work/pass$rows.out") - 1))
        row "$rows rows, $(stat -c %s "$work/$rows.csv") bytes" "$(seconds "${cpu[pass$rows]}")" "$limit" \
            "$(awk -v s="${cpu[pass$rows]}" -v c="${cpu[count$rows]}" -v n="$rows" 'BEGIN {
                printf "%.0f ns a row; bare libcsv %.3f s, ratio %.2f", 1e9 * s / n, c, (c > 0 ? s / c : 0)}'), $found estimates"
        lowest=$(least "$lowest" "${peak[pass$rows]}")
        highest=$(greatest "$highest" "${peak[pass$rows]}")
    done
    for rows in "${sizes[@]}"; do
        row "$rows rows: peak memory beyond est --version" "$(memory "pass$rows")" "16 MiB" \
            "$(mib "${peak[pass$rows]}") in all"
    done
    row "difference of the peaks" "$(mib "$((highest - lowest))")" "2 MiB" ""
}

threads() {
    local runs i ratio
    title "Survey: threads, $largest rows"
    runs=$(repetitions_of "$largest")
    for ((i = 0; i < runs; i++)); do
        survey two "$work/$largest.csv" 2 "${shares[@]}"
    done
    survey seven "$work/$largest.csv" 7 "${shares[@]}"
    must_be_same "two threads" "pass$largest" two
    row "one thread, wall" "$(seconds "${wall[pass$largest]}")" - "CPU $(seconds "${cpu[pass$largest]}")"
    ratio=$(calculate "${wall[pass$largest]} / ${wall[two]}")
    row "two threads, wall" "$(seconds "${wall[two]}")" - \
        "CPU $(seconds "${cpu[two]}"); wall, one thread / two: ${ratio:0:4}; $same"
    must_be_same "seven threads" "pass$largest" seven
    row "seven threads, wall" "$(seconds "${wall[seven]}")" - "CPU $(seconds "${cpu[seven]}"); $same"
}

beyond() { # job, name, file, rows, must, options...: CPU seconds beyond one pass
    local job=$1 name=$2 file=$3 rows=$4 must=$5 runs i
    shift 5
    runs=$(repetitions_of "$rows")
    for ((i = 0; i < runs; i++)); do
        ((rows <= 1000000)) && survey "pass$rows" "$file" 1 "${shares[@]}"
        survey "$name" "$file" 1 "$@"
    done
    row "$job" "$(seconds "${cpu[$name]}")" "$must" \
        "one pass $(seconds "${cpu[pass$rows]}"); peak beyond est --version $(memory "$name")"
}

other_estimates() {
    title "Survey: other estimates"
    "$tool" margins >"$work/margins.csv"
    beyond "$million rows, with 1,000 Rao-Wu replicates" raowu "$work/$million.csv" "$million" - \
        "${shares[@]}" --variance rao-wu --draws 1000
    beyond "$largest rows, median of a number with 800 values" median "$work/$largest.csv" "$largest" - --quantile hours@0.5
    beyond "$largest rows, median of a continuous number" continuous "$work/$largest.csv" "$largest" - --quantile weight@0.5
    beyond "$million rows, raked to 47 + 10 margins" rake "$work/$million.csv" "$million" - \
        "${shares[@]}" --calibrate rake --margins "$work/margins.csv"
    beyond "$million rows, logistic regression on two columns" logistic "$work/$million.csv" "$million" - \
        --logistic "work ~ age + factor(sex)"
}

# The rows of a file in order are the same, whatever its format.
formats() {
    local kind runs i
    title "Survey: formats, $million rows"
    runs=$(repetitions_of "$million")
    row "CSV" "$(seconds "${cpu[pass$million]}")" - "$(size "$work/$million.csv")"
    for kind in dta sav; do
        "$tool" rows "$million" "$work/rows.$kind" || exit 1
        for ((i = 0; i < runs; i++)); do survey "$kind" "$work/rows.$kind" 1 "${shares[@]}"; done
        must_be_same ".$kind and .csv" "pass$million" "$kind"
        row ".$kind" "$(seconds "${cpu[$kind]}")" - \
            "$(size "$work/rows.$kind"); peak beyond est --version $(memory "$kind"); $same as CSV"
    done
}

by_perf() { perf stat -x, -e instructions:u "$@" 2>&1 >/dev/null | awk -F, '$3 ~ /^instructions/ {print $1}'; }
# shellcheck disable=SC2317 # called by its name
by_valgrind() { valgrind --tool=callgrind --callgrind-out-file=/dev/null "$@" 2>&1 >/dev/null | awk '/Collected/ {print $NF}'; }

# From the difference of two files: the start of the program is taken off. What a pass needs, up to its sums: the digest of a file of
# up to a million rows, made by an instruction of its own on most processors, is not in it.
instructions() {
    local counter few=10000 many=30000 one two parse options
    if [[ $(by_perf true 2>/dev/null) =~ ^[0-9]+$ ]]; then counter=by_perf
    elif command -v valgrind >/dev/null 2>&1; then counter=by_valgrind
    else
        printf '\ninstructions are not counted: neither perf'\''s counters nor valgrind are there\n'
        return
    fi
    "$tool" rows $few "$work/few.csv" && "$tool" rows $many "$work/many.csv" || exit 1
    title "Survey: instructions a row"
    one=$($counter "$tool" count "$work/few.csv")
    two=$($counter "$tool" count "$work/many.csv")
    parse=$(((two - one) / (many - few)))
    row "bare libcsv" "$parse" - ""
    options=("${columns[@]}" --threads 1 --quiet "${shares[@]}" --part 1/1 --output)
    one=$($counter "$program" survey "$work/few.csv" "${options[@]}" "$work/few.part")
    two=$($counter "$program" survey "$work/many.csv" "${options[@]}" "$work/many.part")
    one=$(((two - one) / (many - few)))
    two=$(calculate "$one / $parse")
    row "est survey, one pass" "$one" - "ratio ${two:0:4}"
}

# Its starting and loading of packages is left out of the time, not of the memory.
by_r() {
    local rows said
    if ! command -v "$rscript" >/dev/null 2>&1; then
        printf '\nRscript is not installed: R'\''s survey is not timed\n'
    elif ! said=$("$rscript" --vanilla "$here/survey.R" installed 2>/dev/null); then
        printf '\nthe R package survey is not installed\n'
    else
        title "Survey: the same 285 estimates by $said (the tests' expected values are from survey 4.5)"
        for rows in "${sizes[@]}"; do
            ((rows <= 1000000)) && one_by_r "$rows"
        done
    fi
}

of_r() { awk -F'\t' -v name="$1" '$1 == name {print $2}' "$work/r$2.out"; }
one_by_r() { # rows
    survey "pass$1" "$work/$1.csv" 1 "${shares[@]}"
    measure "r$1" "$rscript" --vanilla "$here/survey.R" times "$work/$1.csv" "$work/pass$1.out"
    local cpu_ratio peak_ratio cpu_limit=- peak_limit=-
    cpu_ratio=$(calculate "$(of_r total "$1") / ${cpu[pass$1]}")
    peak_ratio=$(calculate "${peak[r$1]} / ${peak[pass$1]}")
    if (($1 >= 1000000)); then
        cpu_limit=$(seconds "$(calculate "$(of_r total "$1") / 25")")
        peak_limit=$(mib "$((${peak[r$1]} / 50))")
    fi
    row "$1 rows: R, CPU" "$(seconds "$(of_r total "$1")")" - \
        "read $(of_r read "$1"), svydesign $(of_r svydesign "$1"), svymean $(of_r svymean "$1"), svyby $(of_r svyby "$1")"
    row "$1 rows: est, CPU, start of the program included" "$(seconds "${cpu[pass$1]}")" "$cpu_limit" \
        "R / est ${cpu_ratio%%.*}"
    row "$1 rows: est, peak memory in all" "$(mib "${peak[pass$1]}")" "$peak_limit" \
        "R $(mib "${peak[r$1]}"), R / est ${peak_ratio%%.*}"
    row "$1 rows: greatest relative difference" "$(of_r difference "$1")" 1e-9 "$(of_r estimates "$1") estimates and their SE"
}

one_pass
threads
other_estimates
formats
[ -n "$quick" ] || instructions
by_r
exit $status
