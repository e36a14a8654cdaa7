#!/usr/bin/env bash
# est pseudonyms: keys, files, and that no identifier is ever said.
. "$(dirname "$0")/lib.sh"

check "help says what it does not protect against" 0 'does not protect against' - pseudonyms --help

# Keys.
check "--make-key" 0 - '^written: key$' pseudonyms --make-key key
holds "32 bytes" bash -c '[ "$(wc -c <key)" = 32 ]'
holds "for the owner alone" bash -c '[ "$(stat -c %a key)" = 600 ]'
cp -p key kept
check "a key is never overwritten" 5 - 'never overwritten' pseudonyms --make-key key
holds "it is as it was" cmp key kept
check "--make-key stands alone" 2 - 'stands alone' pseudonyms --make-key other --key-file key
check "another key" 0 - '' pseudonyms --make-key other
fails "it is another one" cmp -s key other

# Files.
cat >data/people.csv <<'P'
name,birth_date,sex,county
Wanjiku Kamau,1999-04-03,f,Nairobi
WANJIKŨ  KAMAU,1999/4/3,m,"Nairobi, east"
Njoroge,,m,
,,f,Kisumu
P
cp data/people.csv before.csv
run="pseudonyms data/people.csv --columns name,birth_date --dates birth_date --drop sex"
check "pseudonyms" 0 - 'records: 4; .*missing: 1; with some missing: 1' $run --key-file key --output out.csv
holds "one column in place of two" bash -c 'head -1 out.csv | grep -qx "pseudonym,county"'
holds "two spellings are one person" bash -c '[ "$(sed -n 2p out.csv | cut -c1-64)" = "$(sed -n 3p out.csv | cut -c1-64)" ]'
holds "64 hexadecimal digits" bash -c 'sed -n "2,4p" out.csv | grep -cEx "[0-9a-f]{64},.*" | grep -qx 3'
holds "nobody to name has none" bash -c 'sed -n 5p out.csv | grep -qx "NA,Kisumu"'
holds "a field with a comma stays one" bash -c 'sed -n 3p out.csv | grep -q ",\"Nairobi, east\"$"'
fails "no name is left" grep -iq -e wanjik -e kamau -e njoroge -e 1999 out.csv
holds "for the owner alone" bash -c '[ "$(stat -c %a out.csv)" = 600 ]'
holds "the input is as it was" cmp data/people.csv before.csv
check "the same key, the same pseudonyms" 0 - - $run --key-file key --output again.csv --quiet
holds "the same bytes" cmp out.csv again.csv
check "another key, other pseudonyms" 0 - '' $run --key-file other --output others.csv
fails "other bytes" cmp -s out.csv others.csv
"$EST" pseudonyms - --columns name,birth_date --dates birth_date --drop sex --key-file key --output stdin.csv \
    <data/people.csv >$out 2>$err
holds "standard input gives the same bytes" cmp out.csv stdin.csv

# Refusals: nothing is written.
refuses() { # name, exit status, stderr, arguments...
    echo old >refused.csv
    check "$1" "$2" - "$3" "${@:4}"
    holds "$1: nothing was written" bash -c 'echo old | cmp - refused.csv'
    fails "$1: no identifier is said" grep -iq -e wanjik -e kamau -e njoroge $err
}
end="--key-file key --output refused.csv"
refuses "an unknown column" 3 "did you mean 'name'" pseudonyms data/people.csv --columns nam $end
refuses "a date in another order" 3 "record 1 \(line 2\), column 'name'" pseudonyms data/people.csv --columns name --dates name $end
refuses "no columns" 2 'columns is missing' pseudonyms data/people.csv $end
refuses "no key" 2 'make-key' pseudonyms data/people.csv --columns name --output refused.csv
refuses "no file" 2 'one FILE' pseudonyms --columns name $end
refuses "a file that is not there" 3 'EST_EFILE' pseudonyms data/absent.csv --columns name $end
printf 'name,n\nNjoroge,1\nNjoroge\n' >data/ragged.csv
refuses "a ragged record" 3 'record 2' pseudonyms data/ragged.csv --columns name $end
chmod 640 other
refuses "a key that others can read" 3 'chmod 600 other' pseudonyms data/people.csv --columns name --key-file other --output refused.csv
printf 'fifteen bytes..' >short && chmod 600 short
refuses "a short key" 3 'expected a key of 16' pseudonyms data/people.csv --columns name --key-file short --output refused.csv
check "the input is never the output" 2 - 'never changed' $run --key-file key --output data/people.csv
ln data/people.csv linked.csv
check "under another name either" 2 - 'never changed' $run --key-file key --output linked.csv
holds "the input is still as it was" cmp data/people.csv before.csv
check "the key is never the output" 2 - 'is the key file' $run --key-file key --output key
holds "the key is still as it was" cmp key kept
check "a folder is no output" 2 - 'path of a file' $run --key-file key --output data
check "a folder that is not there" 5 - 'nowhere' $run --key-file key --output nowhere/out.csv
holds "no temporary file is left" bash -c '! ls -A . data | grep -q "^\.est-"'
finish
