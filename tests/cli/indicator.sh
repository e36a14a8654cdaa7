#!/usr/bin/env bash
# The first ten minutes with a file of an indicator: codebook, check, estimate, page. Then the main messages and exit statuses, and
# that no input is ever written to.
. "$(dirname "$0")/lib.sh"

"$EST" datasets kenya_child_labour_synthetic --output all.csv 2>/dev/null
cut -d, -f2- all.csv | head -1501 >data.csv # without the mark of synthetic data: as private as a user's
cp data.csv data.copy

# ---- the path ----
check "the indicators" 0 'child-marriage.*Child marriage' - indicator
fails "no line is wider than 80 columns" grep -qE '.{81}' $out
fails "a status is said once" grep -q '(superseded) (superseded)' $out
check "a codebook is proposed" 0 - 'to be decided' codebook init --preset knbs-child-labour data.csv --output my.ini
holds "it says what is to be decided" grep -q DECIDE my.ini
check "undecided: the section and key are named" 3 - 'my.ini, line [0-9]+: \[role strata\], column' codebook check my.ini data.csv
"$EST" codebook show kenya-child-labour-synthetic | sed '/^synthetic/d' >my.ini
check "strata of a part of the file: what to do is said" 3 \
    'expected 92: .*strata-expected in \[codebook\]' '' codebook check my.ini data.csv
strata=$(cut -d, -f3 data.csv | sed 1d | sort -u | wc -l)
sed "s/^strata-expected.*/strata-expected = $strata/" my.ini >fits.ini
mv fits.ini my.ini
check "the codebook fits" 0 'No fault was found' '' codebook check my.ini data.csv
check "an estimate" 0 'Child labour in economic activity' '' indicator child-labour data.csv --codebook my.ini --by residence
check "a page" 0 - 'written: page.html' indicator child-labour data.csv --codebook my.ini --by residence --output page.html
holds "it has the definition" grep -q 'Definition' page.html
est indicator child-labour data.csv --codebook "$PWD/my.ini" --format json --quiet
holds "the codebook is named" grep -q '"option:codebook": "my.ini"' $out
fails "not its folder, which may be a person's" grep -q "$work" $out
est indicator child-labour data.csv --codebook my.ini --quiet
cp $out alone
est child-labour data.csv --codebook my.ini --quiet
holds "est indicator NAME and est NAME are one" cmp -s $out alone

# ---- inputs are never written to ----
cp my.ini my.copy
ln -s my.ini link.txt
mkdir folder
cp my.ini folder/child-labour.txt
for target in my.ini ./my.ini link.txt; do
    check "--output $target is the codebook" 2 - 'may replace the file of --codebook' \
        child-labour data.csv --codebook my.ini --format text --output $target
done
check "a folder that holds the codebook" 2 - 'may replace the file of --codebook' \
    child-labour data.csv --codebook folder/child-labour.txt --output folder/
check "--output is the data" 2 - 'may replace DATA' child-labour data.csv --codebook my.ini --output data.csv
check "codebook init never overwrites" 5 - 'never overwritten' codebook init --preset mics6 data.csv --output my.ini
holds "all stand as they were" bash -c 'cmp -s my.ini my.copy && cmp -s data.csv data.copy && cmp -s folder/child-labour.txt my.copy'

# ---- messages and exit statuses ----
check "a misspelt indicator" 2 - "no indicator is named 'child-labuor'; did you mean child-labour" \
    indicator child-labuor data.csv --codebook my.ini
check "an option before the name" 2 - 'the name of the indicator comes first' indicator --codebook my.ini child-labour data.csv
check "the hint names the page with the options" 2 - 'see: est child-labour --help' indicator child-labour
check "no codebook" 2 - 'option --codebook is missing' child-labour data.csv
check "no such codebook" 3 - 'nope.ini: cannot be opened' child-labour data.csv --codebook nope.ini
check "a definition of another indicator" 2 - 'is a definition of est child-marriage' \
    child-labour data.csv --codebook my.ini --preset sdg-5.3.1
check "a codebook without the role" 3 - 'needs age_first_union' child-marriage data.csv --codebook my.ini
check "a domain that is not there" 3 - "column 'countyy': found no such column" child-labour data.csv --codebook my.ini --by countyy
check "an empty domain" 4 - 'no row meets the condition' child-labour data.csv --codebook my.ini --where 'sex == 7'

spoil() { # column, value: in the first row where somebody works
    awk -F, -v OFS=, -v name="$1" -v value="$2" 'NR == 1 { for (i = 1; i <= NF; i++) { at[$i] = i } }
        NR > 1 && !done && $at["economic_activity"] == 1 { $at[name] = value; done = 1 } 1' data.csv >spoilt.csv
}
spoil hours_economic 169
check "hours of 169" 3 - "record [0-9]+ .*column 'hours_economic'.*expected hours from 0 to 168" child-labour spoilt.csv --codebook my.ini
spoil hours_economic 168
check "hours of 168" 0 '' '' child-labour spoilt.csv --codebook my.ini
spoil hours_economic 97
check "a code that nobody declared" 3 - 'found 97.*special = CODE' child-labour spoilt.csv --codebook my.ini
spoil weight Wanjiku
check "text in the weight" 3 - "column 'weight': found text of 7 characters" child-labour spoilt.csv --codebook my.ini
fails "what stands there is not shown" grep -q Wanjiku $err
check "nor by the check of the codebook" 3 'weight .*texts where numbers are expected' '' codebook check my.ini spoilt.csv
fails "not shown there" grep -q Wanjiku $out $err
printf '[role weight]\ncolum = weight\n' | cat my.ini - >typo.ini
check "a misspelt key" 3 - "typo.ini, line [0-9]+: \[role weight\].*did you mean 'column'" child-labour data.csv --codebook typo.ini
"$EST" child-labour data.csv --codebook my.ini >/dev/full 2>$err
code=$?
judge "a full disk" 5 '' 'standard output cannot be written'

# ---- the answer of a page ----
est forced-labour dataset:kenya_forced_labour_synthetic --codebook kenya-forced-labour-synthetic --quiet
holds "the answer has the prevalence" grep -q '^Adults in forced labour' $out
fails "and leaves the means of coercion to the table" grep -q '^Debt bondage' $out
est child-marriage dataset:kenya_dhs_women_synthetic --codebook kenya-dhs-women-synthetic --where 'v024 == 1' --quiet
holds "a mark stands behind the unit" grep -qE '^Married or in union before age 18.* % \*' $out
est child-labour dataset:kenya_child_labour_synthetic --codebook kenya-child-labour-synthetic --small-area county --format md --quiet
fails "legends are in words" grep -q 'small_area_benchmarked |' $out
finish
