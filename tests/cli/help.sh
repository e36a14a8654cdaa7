#!/usr/bin/env bash
# Help fits a screen and leaves out no option: it explains the first, and names the further ones.
. "$(dirname "$0")/lib.sh"

fits() { # file: at most 40 lines of 80 columns
    [ "$(wc -l <"$1")" -le 40 ] && ! grep -Eq '.{81}' "$1"
}

check "est --help" 0 'est mse DATA' - --help
cp $out program.txt
holds "it fits a screen" fits program.txt
for words in 'est trend DATA' 'est methods \[ID\]' 'est datasets \[NAME\]' '130 interrupted' '^  --seed N .*\[1\]' \
    dataset:NAME; do
    holds "it says $words" grep -Eq -e "$words" program.txt
done
for absent in report; do
    fails "it lists no command $absent" grep -Eq "est $absent" program.txt
    check "est $absent is no command" 2 - 'unknown command' $absent
done
check "est help" 0 '' - help
holds "est help is est --help" cmp $out program.txt
check "est -h" 0 '' - -h
holds "est -h is est --help" cmp $out program.txt
check "est alone is short and an error" 2 - 'est mse DATA'
check "est --version" 0 '^est [0-9]+\.[0-9]+\.[0-9]+' - --version
check "est --version stands alone" 2 - 'stands alone' --version now

"$EST" methods --format json >methods.json
methods=$("$PYTHON" -c "import json; print(*[m['id'] for m in json.load(open('methods.json'))['methods']])")
for command in $methods datasets methods help; do
    check "est $command --help" 0 "^Usage: est $command" - $command --help
    cp $out page.txt
    holds "est $command --help fits a screen" fits page.txt
    check "est help $command" 0 '' - help $command
    holds "est help $command is est $command --help" cmp $out page.txt
    check "est $command -h" 0 '' - $command -h
    holds "est $command -h is est $command --help" cmp $out page.txt
done
check "help wins over a wrong option" 0 '^Usage: est mse' - mse --nonsense --help

options_of() { # method, True for the further ones or False
    "$PYTHON" -c "import json
print(*[o['name'] for m in json.load(open('methods.json'))['methods'] if m['id'] == '$1' for o in m['options'] if o['further'] is $2])"
}

holds "est mse has further options" [ -n "$(options_of mse True)" ]
for command in $methods; do
    est $command --help
    cp $out page.txt
    sed -n '/^Further options/,/^$/p' page.txt | tr '\n' ' ' >further.txt
    sed '/^Further options/,/^$/d' page.txt >first.txt
    further=$(options_of "$command" True)
    if [ -n "$further" ]; then
        holds "est $command --help says where they are explained" grep -q "(est methods $command explains them): --" further.txt
        est methods "$command"
        sed '1,/^Further options$/d' $out >explained.txt
    else
        fails "est $command --help has no empty paragraph" grep -q '^Further' page.txt
    fi
    for option in $further; do
        holds "est $command --help names --$option" grep -Eq -e " --$option(,| )" further.txt
        fails "est $command --help does not explain --$option" grep -Eq -e "^  --$option( |$)" first.txt
        holds "est methods $command explains --$option" grep -Eq -e "^  --$option( |$)" explained.txt
    done
    for option in $(options_of "$command" False) \
        format output suppress suppress-below internal seed threads quiet help; do
        holds "est $command --help lists --$option" grep -Eq -e "^  --$option( |$)" first.txt
    done
done
check "help on a misspelt command" 2 - 'did you mean trend' help trned
check "help on two commands" 2 - 'one COMMAND' help mse trend
finish
