#!/usr/bin/env bash
# What is refused, with which exit status and which words.
. "$(dirname "$0")/lib.sh"

# The command line.
check "an unknown option, with the nearest name" 2 - '--replicats.*did you mean --replicates' mse dataset:korea --replicats 5
holds "the hint names the help" grep -q '^see: est mse --help$' $err
check "a near name among the common options" 2 - 'did you mean --output' mse dataset:korea --outptu x.json
check "an option unlike any" 2 - 'unknown option --zzzzzzz \(EST_EOPTION\)' mse dataset:korea --zzzzzzz
check "a short option" 2 - 'unknown option -q' mse dataset:korea -q
check "a misspelt command" 2 - 'did you mean est trend' tredn dataset:korea
check "a missing value at the end" 2 - 'seed needs a value' mse dataset:korea --seed
check "a missing value before an option" 2 - 'seed needs a value, found --quiet' mse dataset:korea --seed --quiet
check "a value that a flag does not take" 2 - 'quiet takes no value' mse dataset:korea --quiet=yes
check "an option twice" 2 - 'more than once' mse dataset:korea --ci none --ci none
check "no DATA" 2 - 'DATA is missing' mse
check "two DATA" 2 - 'one DATA is expected' mse dataset:korea dataset:korea
check "a seed beyond 64 bits" 2 - 'to 18446744073709551615' mse dataset:korea --seed 18446744073709551616
check "a negative seed" 2 - 'whole number' mse dataset:korea --seed -1
check "no threads" 2 - 'from 1 to 64' mse dataset:korea --threads 0
check "a level that is no number" 2 - 'level' mse dataset:korea --level nan
check "a level out of range" 2 - 'level' mse dataset:korea --level 1.5
check "a model that names no list" 2 - 'EST_EOPTION' mse dataset:korea --model 'b:nosuch'
check "an empty --output" 2 - 'needs a path' mse dataset:korea --output=
check "a wrong word names its option once" 2 - "^est: option --shape: found 'wide', expected one of: " mse dataset:korea --shape wide

# Files.
check "a file that is not there" 3 - 'missing\.csv.*EST_EFILE' mse missing.csv
check "a folder as DATA" 3 - 'EST_EFILE' mse data
check "a dataset that is not there" 3 - 'korea.*EST_EFILE' mse dataset:koera
: >data/empty.csv
check "an empty file" 3 - 'empty\.csv.*EST_EFORMAT' mse data/empty.csv
printf 'A,B,count\n' >data/header.csv
check "a header alone" 3 - 'header\.csv' mse data/header.csv
printf 'A,B,count\n1,0,\0005\n' >data/nul.csv
check "a NUL byte" 3 - 'NUL.*EST_EFORMAT' mse data/nul.csv
printf 'A,B,count\n1,0,5\n1,1\n' >data/ragged.csv
check "a ragged record" 3 - 'record 2.*EST_EFORMAT' mse data/ragged.csv
printf 'A,B,count\n1,0,5\n"1,1,7\n' >data/quote.csv
check "a quote without an end" 3 - 'quote.*EST_EFORMAT' mse data/quote.csv
printf 'A,B,count\n1,0,\377\n' >data/bytes.csv
check "bytes that are not UTF-8" 3 - 'UTF-8' mse data/bytes.csv
printf 'A,A,count\n1,0,5\n' >data/twice.csv
check "a column twice" 3 - 'EST_ECOLUMN' mse data/twice.csv

# Columns and values.
check "a missing column, with the nearest name" 3 - "count.*EST_ECOLUMN" mse dataset:korea --count cuont
check "a missing list" 3 - 'nosuch.*EST_ECOLUMN' mse dataset:korea --lists b,c,nosuch
for count in -3 1.5 many 1e400; do
    printf 'A,B,C,count\n1,0,0,5\n1,1,0,%s\n' "$count" >data/count.csv
    check "the count $count" 3 - 'record 2.*count.*EST_EVALUE' mse data/count.csv
done
printf 'A,B,C,count\n1,0,0,5\n1,2,0,7\n' >data/two.csv
check "a 2 in a list" 3 - 'B.*EST_(EVALUE|ECOLUMN|EDEFINITION)' mse data/two.csv --lists A,B,C
printf 'A,B,C,count\n0,0,0,9\n1,1,0,7\n1,0,0,5\n' >data/zero.csv
check "an all-zero history" 3 - 'record 1' mse data/zero.csv
printf 'A,count\n1,7\n' >data/one.csv
check "fewer than two lists" 3 - 'lists.*EST_EDEFINITION' mse data/one.csv
head -c 3000 "$EST" >data/garbage.csv
check "bytes of a program" 3 - 'EST_E(FORMAT|COLUMN)' mse data/garbage.csv
printf 'A,B,count\n1,0,5\n1,1,\033[31mx\n' >data/escape.csv
check "control characters" 3 - '' mse data/escape.csv
fails "are not sent to the terminal" grep -q $'\033' $err
check "no file is left by a failure" 3 - '' mse missing.csv --output x.json
holds "x.json is not there" test ! -e x.json

# Inputs are never written to.
"$EST" datasets korea --output data/in.csv 2>$err || not_ok "a dataset is saved" "$(cat $err)"
"$EST" datasets kosovo_1999 --output data/mse.csv 2>$err || not_ok "a dataset is saved" "$(cat $err)"
cp data/in.csv before.csv
check "--suppress-below 2 without --internal" 2 - 'threshold 2, expected 3 or more.*EST_EOPTION' mse data/mse.csv --model all-pairs --suppress-below 2
ln -s in.csv data/link.csv
check "--output onto DATA" 2 - 'data/in\.csv may replace DATA.*EST_EOPTION' mse data/in.csv --output data/in.csv
check "by another path" 2 - 'may replace DATA' mse data/in.csv --output data/../data/in.csv
check "--output onto a link to DATA" 2 - 'may replace DATA' mse data/in.csv --output data/link.csv
check "DATA by a link" 2 - 'may replace DATA' mse data/link.csv --output data/in.csv
"$EST" mse - --output data/in.csv <data/in.csv >$out 2>$err; code=$?
judge "DATA on standard input" 2 - 'may replace DATA'
check "--output of the folder of DATA" 2 - 'may replace DATA' mse data/mse.csv --output data/
check "--output onto a table of an option" 2 - 'may replace the file of --' trend dataset:korea --population data/in.csv --output data/in.csv
holds "the input is as it was" cmp before.csv data/in.csv
check "another file of the folder of DATA" 0 - 'written' mse data/mse.csv --model all-pairs --ci none --output data/other.csv

# Output that fails.
"$EST" mse dataset:kosovo_1999 --model all-pairs >&- 2>$err; code=$?; : >$out
judge "standard output closed" 5 - 'standard output.*EST_EIO'
"$EST" --help >&- 2>$err; code=$?
judge "standard output closed for help" 5 - 'standard output.*EST_EIO'
if [ -c /dev/full ]; then
    "$EST" mse dataset:kosovo_1999 --model all-pairs >/dev/full 2>$err; code=$?
    judge "a full disk" 5 - 'standard output.*EST_EIO'
fi
{ sleep 0.3; "$EST" methods --format json 2>$err; echo $? >.log/code; } | true
code=$(cat .log/code)
judge "the reader has gone: quiet" 5 - -
"$EST" mse dataset:kosovo_1999 --model all-pairs 2>&- >$out; code=$?; : >$err
judge "standard error closed" 0 '14,?402' ''
finish
