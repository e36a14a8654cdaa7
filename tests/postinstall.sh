#!/usr/bin/env bash
# Tests what `make install` installed, from a scratch folder and by pkg-config alone, as a user would.
# Usage: postinstall.sh PREFIX SOURCES [DESTDIR]     PREFIX as configured; SOURCES holds examples/.
# CC, bindir, libdir and datadir may be set; their defaults follow from PREFIX.
set -u
prefix=$1
sources=$(cd "$2" && pwd)
destination=${3:-}
bindir=${bindir:-$prefix/bin} libdir=${libdir:-$prefix/lib} datadir=${datadir:-$prefix/share}

failed() {
    echo "post-install: $1"
    exit 1
}
command -v pkg-config >/dev/null || { echo "skipped: no pkg-config"; exit 77; }

scratch=$(mktemp -d) || exit 99
trap 'rm -r "$scratch"' EXIT
cd "$scratch" || exit 99
export PKG_CONFIG_PATH=$destination$libdir/pkgconfig PKG_CONFIG_SYSROOT_DIR=$destination
export PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 PKG_CONFIG_ALLOW_SYSTEM_LIBS=1
export LD_LIBRARY_PATH=$destination$libdir

flags=$(pkg-config --cflags --libs libest) || failed "pkg-config does not find libest"
version=$(pkg-config --modversion libest)
${CC:-cc} -std=c11 -Wall -Wextra -Werror "$sources/examples/first_estimate.c" $flags -o first_estimate ||
    failed "examples/first_estimate.c does not compile"
answer=$(./first_estimate) || failed "examples/first_estimate.c does not run"
grep -qE '[0-9]' <<<"$answer" || failed "examples/first_estimate.c printed no number: $answer"
echo "$answer"

"$destination$bindir/est" --version | grep -qF "$version" || failed "est --version does not say $version"
"$destination$bindir/est" mse dataset:kosovo_1999 --model all-pairs --output kosovo.json || failed "est mse fails"
[ -s kosovo.json ] || failed "est mse wrote no kosovo.json"
cmp -s "$sources/datasets/kosovo_1999.csv" "$destination$datadir/libest/datasets/kosovo_1999.csv" ||
    failed "the datasets are not installed as they are"
internal=$(cd "$destination$prefix/include" && find . -name '*.h' ! -path './est.h' ! -path './est/*')
[ -z "$internal" ] || failed "headers that are not public are installed: $internal"
echo "post-install: the program, the library and the datasets work as installed"
