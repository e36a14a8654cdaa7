#!/usr/bin/env bash
# est patterns and est linkage: from linked records to the table, and what errors of the linkage do to the estimate.
. "$(dirname "$0")/lib.sh"
records=dataset:linked_records_synthetic
rates=dataset:linked_records_synthetic_rates

# Patterns, and their table as the data of the other methods.
check "patterns" 0 'Persons by capture history' '' patterns $records
cp "$datasets/linked_records_synthetic.csv" data/records.csv
check "patterns of a private file withhold small counts" 0 'withheld' '' patterns data/records.csv --lists Police,NGO
check "patterns into a folder" 0 - '^written: tables/$' patterns data/records.csv --internal --output tables/
table=$(ls tables/*patterns*patterns*.csv)
holds "the table names the lists" grep -q '^period,Children,NGO,Police,count' "$table"
est trend "$table" --lists Children,NGO,Police --internal --model main --ci none --format json
cp $out trend.json
judge "the table is data for est trend" 0 '' ''
est linkage $records --model main --simulations 0 --replicates 0 --format json
cp $out linked.json
judge "linkage without intervals" 0 '' ''
json "both find the same populations" linked.json 'near([row["estimate"] for row in rows("population")],
    [row["estimate"] for row in json.load(open("trend.json"))["rows"] if row["estimand"] == "population"][:2])'

# One period: the counts feed est mse.
grep -e '^SYNTHETIC' -e ',2019,' data/records.csv | cut -d, -f1,3- >data/one.csv
check "patterns of one period" 0 - '' patterns data/one.csv --internal --output one/
est mse "$(ls one/*patterns*patterns*.csv)" --lists Children,NGO,Police --internal --model main --ci none --format json
cp $out mse.json
judge "the table is data for est mse" 0 '' ''
json "and gives the population of 2019" mse.json \
    'near([rows("population")[0]["estimate"]], [json.load(open("linked.json"))["rows"][0]["estimate"]])'

# The truth: 1,500 persons in both years; the rates are those of the generator.
est linkage $records --rates $rates --replicates 200 --simulations 20 --format json
cp $out truth.json
judge "linkage with the true rates" 0 '' ''
json "as linked there seems to be a decline" truth.json 'rows("ratio")[0]["estimate"] < 0.85'
json "corrected there is none" truth.json 'abs(rows("ratio_corrected")[0]["estimate"] - 1) < 0.05'
json "the corrected intervals hold the truth" truth.json \
    'all(row["lower"] < 1500 < row["upper"] for row in rows("population_corrected"))'
json "that as linked does not" truth.json 'not rows("population")[0]["lower"] < 1500 < rows("population")[0]["upper"]'
json "the ratio of sensitivities that explains it" truth.json '1.1 < r["stats"]["sensitivity_ratio_that_explains"] < 1.3'
json "frames" truth.json '{"sensitivity", "pairs", "rates", "simulation", "checks"} <= set(r["frames"])'
holds "it is said that better matching looks like a decline" grep -q 'looks like a decline' truth.json

# Two lists by hand: 400 and 300 records, 60 links: 2,000; with sensitivity 0.8 1,600.
printf 'A,B,count\n1,0,340\n0,1,240\n1,1,60\n' >data/two.csv
est linkage data/two.csv --sensitivity 0.8 --false-match 0 --internal --format json
cp $out two.json
judge "two lists" 0 '' ''
json "closed form" two.json 'near([row[2] for row in r["frames"]["sensitivity"]["rows"]], [2000, 1600])'
json "SIMEX comes back to it" two.json 'abs(r["frames"]["simulation"]["rows"][0][6] / 1600 - 1) < 0.05'

# The same seed gives the same bytes, whatever the threads.
for threads in 1 2 7; do
    est linkage dataset:kosovo_1999 --model all-pairs --replicates 100 --simulations 10 --seed 7 --threads $threads --format json
    judge "$threads threads" 0 '"simulation"' ''
    cp $out threads$threads.json
done
holds "1 and 2 threads give the same bytes" cmp threads1.json threads2.json
holds "1 and 7 threads give the same bytes" cmp threads1.json threads7.json

# Faults.
printf 'list,id,cluster\nA,id77,person88\nB,id77,person88\nA,id77,person99\n' >data/bad.csv
check "an id in two clusters" 3 - "record 3 \(line 4\), column 'cluster'" patterns data/bad.csv
fails "no identifier is shown" grep -Eq 'id77|person[89]' $err
check "a cluster column that is not there" 3 - "did you mean 'cluster'" patterns data/bad.csv --cluster clustr
check "duplicates within a list can be refused" 0 '' '' patterns $records --repeats refuse
check "a grid that is none" 2 - 'sensitivity' linkage data/two.csv --sensitivity 0.9,x
check "rates without a period of the data" 3 - '' linkage data/two.csv --rates $rates
check "nothing identified" 4 - 'EST_EIDENTIFY' linkage dataset:korea --model "b:c b:d"
finish
