#!/usr/bin/env bash
# Eight of forty variables of a .dta and a .sav file, read through a codebook by libest and by R's haven, in turns.
# Usage: readstat.sh TOOL RUNNER [--quick] [--markdown] [--only TOPIC]
# TOOL: the program readstat_tool; RUNNER: survey_tool, which measures a command. BENCH_ROWS: rows, default a million (270 MB in the
# temporary folder). Fails where both do not read the same numbers. haven's time is that of its call alone; the other is that of the
# whole program.
set -u
export LC_ALL=C
tool=${1:?usage: readstat.sh TOOL RUNNER [--quick] [--markdown] [--only TOPIC]}
runner=${2:?usage: readstat.sh TOOL RUNNER [--quick] [--markdown] [--only TOPIC]}
rows=${BENCH_ROWS:-1000000} times=5 markdown='' before=''
for flag in "${@:3}"; do
    [ "$flag" = --quick ] && rows=20000 times=1
    [ "$flag" = --markdown ] && markdown=yes
    [ "$before" = --only ] && [ "$flag" != readstat ] && exit 0
    before=$flag
done
rscript=${RSCRIPT:-Rscript}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
status=0

declare -A cpu peak
least() { awk -v a="$1" -v b="$2" 'BEGIN {print (a == "" || b < a ? b : a)}'; }
greatest() { awk -v a="$1" -v b="$2" 'BEGIN {print (a == "" || b > a ? b : a)}'; }

# Runs a command once; keeps the least CPU seconds of its name and the highest peak. Output: $work/NAME.out.
measure() { # name, command...
    local name=$1 said
    shift
    if ! said=$("$runner" run "$work/$name.out" "$@" 2>"$work/said"); then
        echo "readstat.sh: $name failed: $(head -c 300 "$work/said")" >&2
        exit 1
    fi
    read -r -a said <<<"$said"
    cpu[$name]=$(least "${cpu[$name]-}" "${said[0]}")
    peak[$name]=$(greatest "${peak[$name]-}" "${said[2]}")
}

title() {
    if [ -n "$markdown" ]; then
        printf '\n### %s\n\n| job | CPU | peak memory | CPU / that of haven | must |\n|---|---:|---:|---:|---:|\n' "$1"
    else
        printf '\n%s\n%-44s %10s %14s %12s %6s\n' "$1" job CPU 'peak memory' '/ haven' must
    fi
}

row() { # job, seconds, KiB, ratio or -, limit or -
    local memory
    memory=$(awk -v k="$3" 'BEGIN {printf "%.1f MiB", k / 1024}')
    if [ -n "$markdown" ]; then printf '| %s | %.3f s | %s | %s | %s |\n' "$1" "$2" "$memory" "$4" "$5"
    else printf '%-44s %8.3f s %14s %12s %6s\n' "$1" "$2" "$memory" "$4" "$5"; fi
}

# Rows and sums of each column: the same numbers, or numbers that differ by the rounding of a sum.
same_numbers() { # one output, another
    awk -F'\t' 'NR == FNR {rows[$1] = $2; sum[$1] = $3; n++; next}
        $1 in rows {found++; d = $3 - sum[$1]; if ($2 != rows[$1] || d > 1e-9 * $3 || -d > 1e-9 * $3) exit 1}
        END {exit found != 8 || n != 8}' "$1" "$2"
}

has_haven=yes
if ! command -v "$rscript" >/dev/null 2>&1; then
    has_haven='' reason='Rscript is not installed'
elif ! version=$("$rscript" --vanilla "$here/readstat.R" installed 2>/dev/null); then
    has_haven='' reason='the R package haven is not installed'
fi
title "Stata and SPSS: eight of forty variables, $rows rows"
for kind in dta sav; do
    file=$work/$kind.$kind
    "$tool" make "$rows" "$file" || exit 1
    for ((i = 0; i < times; i++)); do
        measure "est_$kind" "$tool" read "$file" "$here/readstat.ini" 1
        [ -n "$has_haven" ] || continue
        measure "r_$kind" "$rscript" --vanilla "$here/readstat.R" read "$file"
        haven=$(least "${haven-}" "$(awk -F'\t' '$1 == "seconds" {print $2}' "$work/r_$kind.out")")
    done
    ratio=- must=-
    if [ -n "$has_haven" ]; then
        ratio=$(awk -v a="${cpu[est_$kind]}" -v b="$haven" 'BEGIN {if (b > 0) printf "%.2f", a / b; else printf "-"}')
        ((rows >= 1000000)) && must=0.50
        grep -v seconds "$work/r_$kind.out" >"$work/r_$kind.sums"
        same_numbers "$work/est_$kind.out" "$work/r_$kind.sums" ||
            { echo "readstat.sh: .$kind: libest and haven read other numbers" >&2; status=1; }
    fi
    row ".$kind, $(stat -c %s "$file") bytes: libest" "${cpu[est_$kind]}" "${peak[est_$kind]}" "$ratio" "$must"
    [ -n "$has_haven" ] && row ".$kind: $version" "$haven" "${peak[r_$kind]}" - -
    if ((rows > 262144)); then
        measure "two_$kind" "$tool" read "$file" "$here/readstat.ini" 2
        cmp -s "$work/two_$kind.out" "$work/est_$kind.out" ||
            { echo "readstat.sh: .$kind: two threads read other numbers" >&2; status=1; }
    fi
    unset haven
    rm -f "$file"
done
[ -n "$has_haven" ] || printf '\n%s: haven is not timed\n' "$reason"
exit $status
