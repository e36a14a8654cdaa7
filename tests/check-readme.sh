#!/usr/bin/env bash
# Runs every block of README.md that is marked sh, r, python or c, each as a program of its own.
set -u
. "$srcdir/tests/faces.sh"

awk -v folder="$scratch" '
    /^```(sh|r|python|c)$/ { language = substr($0, 4); file = folder "/" ++n "." language; next }
    /^```/ { language = ""; next }
    language { print > file }' "$source_tree/README.md"

for language in sh r python c; do
    for block in "$scratch"/*."$language"; do
        if [ -e "$block" ]; then
            count_face "$language" "$block"
        else
            echo "README.md has no block marked $language"
            failed=$((failed + 1))
        fi
    done
done
finish_faces
