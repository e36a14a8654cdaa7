#!/usr/bin/env bash
# Runs every block of README.md and docs/surveys.md that is marked sh, r, python or c, each as a program of its own. Where a block
# marked text follows, each of its lines must stand in what the block before it printed, blanks aside.
set -u
. "$srcdir/tests/faces.sh"

split_blocks() { # page, folder
    mkdir -p "$2"
    awk -v folder="$2" '
        /^```(sh|r|python|c)$/ { file = sprintf("%s/%03d.%s", folder, ++n, substr($0, 4)); next }
        /^```text$/ { file = sprintf("%s/%03d.expected", folder, n); next }
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

for page in README.md docs/surveys.md; do
    blocks=$scratch/blocks/$page
    split_blocks "$page" "$blocks"
    for language in sh r python c; do
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
done
finish_faces
