#!/usr/bin/env bash
# Runs every block of the pages below that is marked sh, r, python or c, each as a program of its own, in the order of the page and in
# one folder. Where a block marked text follows, each of its lines must stand in what the block before it printed, blanks aside; a
# second one is an illustration.
set -u
. "$srcdir/tests/faces.sh"

split_blocks() { # page, folder
    mkdir -p "$2"
    awk -v folder="$2" '
        /^```(sh|r|python|c)$/ { file = sprintf("%s/%03d.%s", folder, ++n, substr($0, 4)); next }
        /^```text$/ { file = n == shown ? "" : sprintf("%s/%03d.expected", folder, n); shown = n; next }
        /^```/ { file = ""; next }
        file { print > file }' "$source_tree/$1"
}

squeezed() {
    sed -E 's/[[:space:]]+/ /g; s/^ //; s/ $//'
}

compare_output() { # page, the lines that are expected
    local line missing=0
    while IFS= read -r line; do
        if [ -n "$line" ] && ! squeezed <<<"$answer" | grep -qF -- "$line"; then
            echo "failed: $1, block $(basename "$2" .expected): no line holds '$line'"
            missing=1
        fi
    done < <(squeezed <"$2")
    if [ $missing -eq 1 ]; then
        passed=$((passed - 1)) failed=$((failed + 1))
    fi
}

check_page() { # page, the languages that it must speak
    local page=$1 blocks=$scratch/blocks/$1 language block expected
    shift
    split_blocks "$page" "$blocks"
    for language; do
        for block in "$blocks"/*."$language"; do
            answer=
            if [ ! -e "$block" ]; then
                echo "$page has no block marked $language"
                failed=$((failed + 1))
                continue
            fi
            count_face "$language" "$block"
            expected=${block%.*}.expected
            if [ -n "$answer" ] && [ -e "$expected" ]; then
                compare_output "$page" "$expected"
            fi
        done
    done
}

check_page README.md sh r python c
check_page docs/surveys.md sh r python c
check_page docs/indicators.md sh r python
check_page docs/codebooks.md sh
finish_faces
