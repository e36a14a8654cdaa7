#!/usr/bin/env bash
# est codebook: presets, proposals for a file, and what is wrong with a codebook or a file, on CSV and .dta.
. "$(dirname "$0")/lib.sh"

# Women of a survey with 92 strata (v023) and 47 counties, and labels that a .dta file keeps. One v511 is 98, one v106 is 9.
awk 'BEGIN {
    print "v005,v008,v012,v021,v022,v023,v024,v025,v106,v190,v501,v509,v511"
    for (i = 0; i < 940; i++) {
        county = i % 47 + 1; urban = county == 1 || county == 47 ? 1 : int(i / 47) % 2 + 1
        stratum = county == 1 ? 1 : county == 47 ? 92 : 2 * county - 3 + urban
        married = i % 3 > 0; age = i == 11 ? 98 : 12 + i % 15
        print 900000 + i * 200 "," 1460 "," 20 + i % 5 "," stratum * 2 + int(i / 94) % 2 "," i % 60 "," stratum "," county "," urban "," \
            (i == 13 ? 9 : i % 4) "," i % 5 + 1 "," (married ? 1 : 0) "," (married ? 1300 : "") "," (married ? age : "")
    }
}' >data/women.csv

# Presets.
check "the presets are listed" 0 '^kdhs-women-2022 +Kenya DHS 2022, women' - codebook
check "one is shown" 0 '^\[role weight\]' - codebook show mics6
check "one that is none" 3 - "no preset is named 'mics7'; did you mean mics" codebook show mics7
check "show needs a name" 2 - 'needs PRESET, found 0' codebook show
check "another verb" 2 - "found 'chek', expected show, init or check; did you mean check" codebook chek a b
check "options belong to init" 2 - '--output belongs to est codebook init' codebook check a b --output c

# A proposal.
check "init finds the survey by counting" 0 - 'preset kdhs-women-2022: v024 has 47 different values' \
    codebook init data/women.csv --preset kdhs --output women.ini
holds "strata by counting" grep -qx 'column = v023' women.ini
holds "it says why" grep -q 'v023 is the only candidate with the 92 values' women.ini
holds "the preset's rules are in it" bash -c 'grep -A9 "^.role age_first_union" women.ini | grep -qx "special = 97, 98, 99"'
holds "roles that the file lacks are comments" grep -qx ';\[role all_women_factor\]' women.ini
check "the same without a file" 0 '^column = v023$' '^preset kdhs-women-2022' codebook init data/women.csv --preset kdhs
check "the preset by its name" 0 '^title = Kenya DHS 2022, women$' - codebook init data/women.csv --preset kdhs-women-2022
cp women.ini kept.ini
check "a codebook is never overwritten" 5 - 'women.ini is there already' codebook init data/women.csv --preset kdhs --output women.ini
holds "it is as it was" cmp women.ini kept.ini
cp data/women.csv before.csv
check "nor are the data" 2 - 'is the data' codebook init data/women.csv --preset kdhs --output data/women.csv
holds "they are as they were" cmp data/women.csv before.csv
check "a folder is no file" 2 - 'expected the path of a file' codebook init data/women.csv --output data
check "no such preset" 2 - "found 'kdsh'" codebook init data/women.csv --preset kdsh
cut -d, -f1,4 data/women.csv >data/few.csv
check "a survey that the file does not tell" 2 - 'expected one of .*kdhs-women-2014 \(has a column v024\)' codebook init data/few.csv --preset kdhs
fails "nothing was written" test -e few.ini
check "without a preset" 0 '^;\[role county\]$' - codebook init data/women.csv
check "lines that are open are told" 0 - 'to be decided: 3' codebook init data/women.csv --output open.ini
check "and refused until they are filled" 3 - 'column: found nothing; write its value.*EST_EDEFINITION' codebook check open.ini data/women.csv
check "a pipe is read once" 0 '^column = v023$' - codebook init <(cat data/women.csv) --preset kdhs-women-2022

# A codebook tried.
check "a sound one" 0 '^No fault was found' - codebook check women.ini data/women.csv
for words in '^Codebook women.ini on data/women.csv: 940 rows$' '^Strata: 92, expected 92$' '^  age_first_union +v511: .*declared special in 1$'; do
    holds "it says $words" grep -Eq -e "$words" $out
done
check "a preset alone lacks the strata" 3 - 'strata are never guessed; different values of likely columns: v022 60, v023 92; the survey has 92' \
    codebook check kdhs-women-2022 data/women.csv
sed -e '/^special = 97, 98, 99$/d' -e 's/^column = v023$/column = v022/' women.ini >wrong.ini
check "every fault at once" 3 '^  v511 .*looks like a code for a missing answer: 98; 1 row, record 12$' 'does not fit .*2 faults.*EST_EVALUE' \
    codebook check wrong.ini data/women.csv
holds "also that of the strata" grep -q '^Strata: 60, expected 92: another column' $out
sed 's/^column = v106$/column = v160/' women.ini >lacks.ini
check "a column that is not there" 3 - "v160.*did you mean 'v106'.*EST_ECOLUMN" codebook check lacks.ini data/women.csv

# Private values stay private.
printf 'id,h,c,w\n31415926,1,1,1\n27182818,2,2,1\n' >data/ids.csv
printf '[role strata]\ncolumn = h\n[role age]\ncolumn = id\n' >ids.ini
check "numbers that may name somebody" 3 'outside the limits; 2 rows, records 1, 2' '' codebook check ids.ini data/ids.csv
fails "are not shown" grep -Eq '31415926|27182818' $out $err
est codebook init data/ids.csv --preset ids.ini
fails "nor in a proposal" grep -Eq '31415926|27182818' $out $err

# Garbage.
head -c 4096 /dev/urandom >binary.ini
check "a binary file" 3 - 'EST_EFORMAT' codebook check binary.ini data/women.csv
: >empty.ini
check "an empty file" 3 - 'found no section.*EST_EFORMAT' codebook check empty.ini data/women.csv
{ printf '[role age]\ncolumn = '; head -c 1000000 /dev/zero | tr '\0' x; } >long.ini
check "a line of 1 MB" 3 - 'line 2: .*longer than 190 bytes.*EST_EFORMAT' codebook check long.ini data/women.csv
printf '[codebook]\npreset = two.ini\n' >one.ini
printf '[codebook]\npreset = one.ini\n' >two.ini
check "presets in a circle" 3 - 'presets name each other.*EST_EDEFINITION' codebook check one.ini data/women.csv
printf '[role age]\ncolum = v012\n' >key.ini
check "an unknown key" 3 - "line 2: \[role age\]: found no such key as 'colum'; did you mean 'column'" codebook check key.ini data/women.csv
check "no such codebook" 3 - 'neither a codebook of this path nor a preset' codebook check nothing data/women.csv
check "no such data" 3 - 'EST_EFILE' codebook check women.ini data/gone.csv

# A file with labels.
if "$PYTHON" -c 'import pandas' 2>/dev/null; then
    "$PYTHON" - <<'P'
import pandas
women = pandas.read_csv("data/women.csv")
women.to_stata("data/women.dta", write_index=False,
               variable_labels={"v005": "women's individual sample weight (6 decimals)", "v023": "stratification used in sample design"},
               value_labels={"v106": {0: "no education", 1: "primary", 2: "secondary", 3: "higher", 9: "missing"},
                             "v025": {1: "urban", 2: "rural"}})
women.rename(columns=str.upper).to_stata("data/capitals.dta", write_index=False)
P
    check "labels of columns and values" 0 "v106: 5 different values" '' codebook init data/women.dta --preset kdhs
    holds "values with their labels" grep -q "values: 0 'no education', 1 'primary', 2 'secondary', 3 'higher', 9 missing\|9 'missing'" $out
    holds "what the labels call missing" bash -c "grep -A3 'The labels call these values missing' $out | grep -qx ';special = 9'"
    holds "labels of columns" grep -q "v023 'stratification used in sample design': 92" $out
    check "the same codebook fits" 0 '^No fault was found' - codebook check women.ini data/women.dta
    check "columns in capitals" 0 '^  weight +V005: ' - codebook check women.ini data/capitals.dta
    check "est check proposes a codebook" 0 'Candidates of the design' '' check data/women.dta
    for words in 'weight: v005 .*' 'v106 +9  missing  its label says so' 'v511 +98 '; do
        holds "and says $words" grep -Eq -e "$words" $out
    done
else
    skip "pandas is missing: no .dta file" 10
fi
finish
