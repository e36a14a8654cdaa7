#!/usr/bin/env bash
# est check: what it prints, its exit statuses, and that nothing of a person comes out.
. "$(dirname "$0")/lib.sh"

cat >data/bad.csv <<'CSV'
id,name,w,h,c,sex,age,hours,wage
1,Wanjiku,1.5,a,1,f,12,20,100
2,Otieno,,a,1,m,13,98,120
3,Kamau,-2,a,2,f,14,30,NA.
4,Achieng,1,a,2,m,-9,99,refused
5,Mutua,0,a,3,f,15,10,140
6,Njeri,1,b,1,f,16,12,150
7,Kip,1,b,1,f,17,14,160
7,Ali,1,b,5,m,12,5,170
9,Aisha,40,d,6,m,12,5,180
9,Aisha,40,d,6,m,12,5,180
CSV
design="--weight w --strata h --psu c"
kinds='[[row[0], row[1], row[2], row[3]] for row in r["frames"]["finding_codes"]["rows"]]'

check "every fault is listed" 0 'error +h +1 stratum has a single PSU' '' check data/bad.csv $design --id id
for words in 'error +w +1 row without a weight, first' 'error +w +1 row with a negative weight' \
    'error +c +1 of 5 PSU ids occur in several' 'error +id +2 ids occur more than once' \
    'warning +hours +special codes, with rows: 98' 'warning +age +special code, with rows: -9' \
    'warning +wage +a column of numbers with texts' 'Once the errors are mended: est survey DATA --weight w --strata h --psu c'; do
    holds "it says $words" grep -Eq -e "$words" $out
done
for name in Wanjiku Otieno Aisha; do
    for format in text json csv md html; do
        est check data/bad.csv $design --id id --format $format
        fails "$format does not name $name" grep -q "$name" $out
    done
done
fails "no line is wider than the page" grep -Eq '.{101}' <("$EST" check data/bad.csv $design)

est check data/bad.csv $design --id id --format json
cp $out bad.json
judge "errors are told on standard error too" 0 '' 'est: warning: [0-9]+ errors: '
json "kinds of errors" bad.json "sorted(k[0] for k in $kinds if k[1] == 'error') == \
['lonely_psu', 'missing_weight', 'negative_weight', 'recurring_ids', 'repeated_ids']"
json "counts stand line by line with the findings" bad.json \
    "[row[3] for row in r['frames']['findings']['rows']] == [k[3] for k in $kinds]"
json "special codes" bad.json "[k[2:] for k in $kinds if k[0] == 'special_codes'] == [['age', 1], ['hours', 2]]"
json "small counts are withheld from private data" bad.json \
    "all(row[2] in ('*', None) for row in r['frames']['strata']['rows'])"
est check data/bad.csv $design --internal --format json
cp $out internal.json
json "and shown inside" internal.json "sorted(row[2] for row in r['frames']['strata']['rows']) == [2, 3, 5]"

check "--strict fails" 3 - 'found 5 errors, expected none .*EST_EDEFINITION' check data/bad.csv $design --id id --strict
printf 'w,h,c,y\n10,1,1,3\n10,1,2,4\n12,2,3,5\n12,2,4,6\n' >data/good.csv
check "--strict passes a sound file" 0 \
    'To estimate: est survey DATA --weight w --strata h --psu c' '' check data/good.csv $design --strict
check "what it suggests runs" 0 'Mean of y' '' survey data/good.csv $design --mean y
check "standard input" 2 - 'DATA is missing' check
est check data/good.csv $design --format json
cp $out file.json
"$EST" check - $design --format json <data/good.csv >pipe.json 2>/dev/null
json "a pipe gives what the file gives" pipe.json "r['frames'] == json.load(open('file.json'))['frames']"

check "columns alone" 0 'Give --weight, --strata and --psu' '' check dataset:kosovo_1999
check "an unknown column" 3 - "column 'x'.*EST_ECOLUMN|'x'.*EST_ECOLUMN" check data/good.csv --psu x
check "too many stages" 2 - 'option --strata names 2 stages' check data/good.csv --psu c --strata h,c
check "codes that are none" 2 - "option --codes: found 'a'" check data/good.csv --codes a,b
check "a damaged file" 3 - 'EST_EFORMAT' check <(printf 'a,b\n1\n')
check "--extremes marks the pages" 0 'FOR INTERNAL USE' '' check data/good.csv --extremes
for threads in 1 2 7; do
    "$EST" check data/bad.csv $design --id id --by sex --format json --threads $threads >threads.$threads 2>/dev/null
    holds "$threads threads, the same bytes" cmp threads.1 threads.$threads
done
finish
