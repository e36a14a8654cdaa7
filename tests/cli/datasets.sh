#!/usr/bin/env bash
# est datasets: list, description, CSV.
. "$(dirname "$0")/lib.sh"

check "the list" 0 '^kosovo_1999  ' - datasets
cp $out list.txt
fails "no line of the list is wider than 80" grep -Eq '.{81}' list.txt
for file in "$datasets"/*.csv; do
    name=$(basename "$file" .csv)
    [ "$name" != index ] || continue # the table of contents, not a dataset
    holds "$name is in the list" grep -q "^$name  " list.txt
    check "$name is described" 0 '[a-z]' - datasets "$name"
    check "$name as CSV" 0 '' - datasets "$name" --csv
    holds "$name --csv is the file of the tree" cmp $out "$file"
done
check "--output writes the CSV" 0 - '^written: kosovo.csv$' datasets kosovo_1999 --output kosovo.csv
holds "it is the file of the tree" cmp kosovo.csv "$datasets/kosovo_1999.csv"
holds "its mode is that of an ordinary file" bash -c '[ "$(stat -c %a kosovo.csv)" = "$(printf %o $((0666 & ~$(umask))))" ]'
holds "no temporary file is left" bash -c '[ "$(ls | grep -c kosovo)" = 1 ]'
check "--output into a folder that is not there" 5 - 'EST_EIO' datasets kosovo_1999 --output nowhere/kosovo.csv
check "--output onto a folder" 2 - 'path of a file' datasets kosovo_1999 --output data
check "companion is named" 0 'dataset:colombia_child_recruitment_periods' - datasets colombia_child_recruitment
check "a misspelt name" 3 - 'did you mean kosovo_1999' datasets kosovo_199
check "a name unlike any" 3 - 'est datasets lists them' datasets zzzzzzzzzzzzzzz
check "--csv without a name" 2 - 'NAME' datasets --csv
check "two names" 2 - 'one NAME' datasets kosovo_1999 korea
finish
