#!/usr/bin/env bash
# Ctrl-C: exit status 130 (SIGTERM 143, SIGHUP 129), nothing left behind; the bar appears on a terminal only and is erased.
. "$(dirname "$0")/lib.sh"
run="trend dataset:colombia_child_recruitment --replicates 100000"
long="$run --threads 1"

signal=INT
interrupted() { # seconds, arguments...: the signal reaches the program alone
    local seconds=$1
    shift
    timeout --foreground --preserve-status -s $signal "$seconds" "$EST" "$@" >$out 2>$err </dev/null
    code=$?
}

mkdir here
cd here || exit 99
mkdir .log
interrupted 1 $long --output x.json
judge "--output" 130 - 'EST_ECANCELLED'
holds "neither file nor temporary file" bash -c '[ "$(ls -A | grep -v "^\.log$" | wc -l)" = 0 ]'
fails "no bar where there is no terminal" grep -q '%' $err
echo old >old.json
interrupted 1 $long --output old.json
judge "--output onto an old file" 130 - ''
holds "the old file stands as it was" grep -qx old old.json
rm old.json
interrupted 1 $long --output folder/
judge "--output of a folder" 130 - ''
holds "no folder" test ! -e folder
interrupted 1 $long
judge "standard output has nothing" 130 - 'EST_ECANCELLED'
interrupted 1 $run --threads 7 --quiet
judge "with threads" 130 - ''
signal=TERM interrupted 1 $long --output folder/
judge "SIGTERM" 143 - 'EST_ECANCELLED'
signal=HUP interrupted 1 $long --output x.json
judge "SIGHUP" 129 - 'EST_ECANCELLED'
holds "nothing is left by either" bash -c '[ "$(ls -A | grep -v "^\.log$" | wc -l)" = 0 ]'
mkfifo pipe
sleep 30 >pipe & writer=$!
timeout --foreground --preserve-status -s INT 1 "$EST" mse - <pipe >$out 2>$err; code=$?
judge "while it waits for standard input" 130 - 'EST_ECANCELLED'
kill $writer
wait $writer 2>/dev/null

if ! "$PYTHON" -c 'import os; os.openpty()' 2>/dev/null; then
    skip "the bar on a terminal: no pseudo-terminal can be opened here (is /dev/pts mounted?)" 4
    finish
fi
"$PYTHON" - "$EST" $long >$out 2>$err <<'P'
import os, pty, select, signal, sys, time
child, terminal = pty.fork()
if child == 0:
    os.execv(sys.argv[1], sys.argv[1:])
seen, start, sent = b"", time.monotonic(), 0
while True:
    ready = select.select([terminal], [], [], 0.1)[0]
    try:
        piece = os.read(terminal, 65536) if ready else b"-wait"
    except OSError:
        piece = b""
    if piece == b"":
        break
    if piece != b"-wait":
        seen += piece
    if not sent and time.monotonic() - start > 3.5:
        sent = len(seen)
        os.kill(child, signal.SIGINT)
    assert time.monotonic() - start < 60
status = os.waitpid(child, 0)[1]
bar, redraws = seen[:sent], seen[:sent].count(b"%")
print("exit", os.waitstatus_to_exitcode(status))
print("redraws", "few" if 3 <= redraws <= 36 else redraws)
print("left" if b" left" in bar else "no time left")
last = seen.replace(b"\r\n", b"\n").split(b"\r")
print("erased" if last[-2].strip() == b"" and last[-1].startswith(b"est: ") else repr(last[-3:]))
P
code=$?
judge "on a terminal: interrupted" 0 '^exit 130$' -
holds "at most ten redraws a second" grep -qx 'redraws few' $out
holds "the time left is told" grep -qx left $out
holds "the bar is erased before the message" grep -qx erased $out
finish
