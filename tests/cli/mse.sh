#!/usr/bin/env bash
# est mse: published numbers, every format, every way to write.
. "$(dirname "$0")/lib.sh"
kosovo="mse dataset:kosovo_1999 --model all-pairs"

# Figures: Ball and others' Kosovo lists; point and profile interval in docs/decisions.md, number 2.
est $kosovo --format json
cp $out kosovo.json
judge "Kosovo, all pairs, as JSON" 0 '"schema": ?"est-result/1"' -
json "population" kosovo.json 'near([rows("population")[0]["estimate"]], [14402.488952])'
json "profile interval" kosovo.json \
    'near([rows("population")[0][k] for k in ("lower", "upper")], [12523.273999, 16667.928282])'
json "population = observed + unobserved" kosovo.json \
    'near([rows("population")[0]["estimate"]], [rows("observed")[0]["estimate"] + rows("unobserved")[0]["estimate"]])'
json "seed 1 is the default" kosovo.json 'str(r["provenance"]["seed"]) == "1"'

# Every format.
check "text is the default" 0 '14,?402' - $kosovo
cp $out default.txt
check "--format text" 0 '14,?402' - $kosovo --format text
holds "--format text is what the default is" cmp $out default.txt
check "--format=text is the same as --format text" 0 '' - $kosovo --format=text
holds "--name=value and --name value agree" cmp $out default.txt
check "--format csv" 0 '14402\.48895' '' $kosovo --format csv
check "--format md" 0 '^\|.*14,?402' '' $kosovo --format md
check "--format html" 0 '<!(DOCTYPE|doctype) html>' '' $kosovo --format html
check "a wrong format" 2 - 'text\|json\|csv\|md\|html' $kosovo --format xml

# Files.
for extension in json csv md html txt; do
    check "--output x.$extension" 0 - "^written: x.$extension$" $kosovo --output "x.$extension"
    holds "x.$extension has something in it" test -s "x.$extension"
done
holds "--output x.json is --format json" cmp x.json kosovo.json
holds "--output x.txt is --format text" cmp x.txt default.txt
check "--format overrides the extension" 0 - '^written: x.dat$' $kosovo --output x.dat --format json
holds "x.dat is JSON" cmp x.dat kosovo.json
check "an unknown extension" 2 - 'no format is known' $kosovo --output y.dat
holds "nothing was written for it" test ! -e y.dat
check "--quiet says nothing" 0 - - $kosovo --output x.json --quiet
echo old >z.json
check "a file is replaced whole" 0 - '' $kosovo --output z.json
holds "and is the result" cmp z.json kosovo.json
check "a folder that does not exist" 5 - 'nowhere' $kosovo --output nowhere/x.json
check "a device is not replaced" 5 - 'neither a file nor a folder' $kosovo --output /dev/null --format json
holds "the device is still one" test -c /dev/null

# Folders.
check "--output folder/" 0 - '^written: folder/$' $kosovo --output folder/
for extension in json csv md html txt; do
    holds "the folder has a .$extension" bash -c "ls folder | grep -q '\\.$extension\$'"
done
mkdir there
check "--output of a folder that exists" 0 - '^written: there$' $kosovo --output there
holds "both folders are the same" diff -r folder there
check "--format with a folder" 2 - 'folder' $kosovo --output there --format json
holds "no temporary file is left" bash -c '! ls -A . folder there | grep -E "tmp|XXXXXX|\.[A-Za-z0-9]{6}$"'

# Ways in.
cp "$datasets/kosovo_1999.csv" data/kosovo.csv
"$EST" mse - --model all-pairs --internal --format json <data/kosovo.csv >stdin.json 2>$err
json "standard input gives the same estimate" stdin.json 'near([rows("population")[0]["estimate"]], [14402.488952])'
est mse data/kosovo.csv --model all-pairs --internal --format json
cp $out path.json
json "a path gives the same estimate" path.json 'near([rows("population")[0]["estimate"]], [14402.488952])'
check "-- ends the options" 0 '14,?402' '' mse --model all-pairs -- dataset:kosovo_1999

# Valid data that identify nothing.
check "Korea with b:c b:d" 4 - 'EST_EIDENTIFY' mse dataset:korea --model "b:c b:d"
printf 'A,B,count\n1,0,20\n0,1,30\n' >data/apart.csv
check "two lists without overlap" 4 - 'EST_EIDENTIFY' mse data/apart.csv

# Suppression.
cp "$datasets/korea.csv" data/private.csv
est mse data/private.csv --format json
cp $out private.json
judge "private small data" 0 '' ''
json "small counts are withheld" private.json '"suppressed" in json.dumps(r)'
# Three lists: total, list totals and overlaps give every history back by inclusion and exclusion, here b alone = 5. At
# least one of them must be withheld or rounded.
json "the totals do not give a small count back" private.json 'not (lambda n, one, two: all(isinstance(x, (int, float)) for x in [n, *one, *two])
    and one[0] - two[0] - two[1] + (n - sum(one) + sum(two)) == 5)(rows("observed")[0]["estimate"],
    [row[1] for row in r["frames"]["lists"]["rows"]], [row[2] for row in r["frames"]["overlaps"]["rows"]])'
check "--internal withholds nothing and says so" 0 'INTERNAL' '' mse data/private.csv --internal
est mse data/private.csv --internal --format json
cp $out internal.json
json "--internal has every number" internal.json '"suppressed" not in json.dumps(r["rows"])'
check "--suppress none on private data" 2 - 'EST_EOPTION' mse data/private.csv --suppress none
check "--suppress none on public data" 0 '14,?402' '' $kosovo --suppress none
check "--suppress-below takes a number" 2 - 'expected a whole number' $kosovo --suppress-below few
fails "no file name in public output" grep -Eq 'private\.csv' private.json

# The same seed gives the same bytes, whatever the threads.
boot="mse dataset:uk_2013_five --ci bootstrap --replicates 100 --seed 7 --format json"
for threads in 1 2 7; do
    est $boot --threads $threads
    judge "bootstrap with $threads threads" 0 '"bootstrap"' ''
    cp $out threads$threads.json
done
holds "1 and 2 threads give the same bytes" cmp threads1.json threads2.json
holds "1 and 7 threads give the same bytes" cmp threads1.json threads7.json
est $boot --seed=8 && true
judge "--seed twice is an error" 2 - 'more than once'
est ${boot/--seed 7/--seed 8}
fails "another seed gives other bytes" cmp -s $out threads1.json
finish
