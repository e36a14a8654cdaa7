#!/usr/bin/env bash
# Help fits a screen and leaves out no option.
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
for absent in survey indicator check report; do
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
for command in mse trend datasets methods help; do
    check "est $command --help" 0 "^Usage: est $command" - $command --help
    cp $out page.txt
    holds "est $command --help fits a screen" fits page.txt
    check "est help $command" 0 '' - help $command
    holds "est help $command is est $command --help" cmp $out page.txt
    check "est $command -h" 0 '' - $command -h
    holds "est $command -h is est $command --help" cmp $out page.txt
done
check "help wins over a wrong option" 0 '^Usage: est mse' - mse --nonsense --help

for command in mse trend; do
    est $command --help
    cp $out page.txt
    for option in $("$PYTHON" -c "import json
print(*[o['name'] for m in json.load(open('methods.json'))['methods'] if m['id'] == '$command' for o in m['options']])") \
        format output suppress suppress-below internal seed threads quiet help; do
        holds "est $command --help lists --$option" grep -Eq -e "^  --$option( |$)" page.txt
    done
done
check "help on a misspelt command" 2 - 'did you mean trend' help trned
check "help on two commands" 2 - 'one COMMAND' help mse trend
finish
