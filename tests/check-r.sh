#!/usr/bin/env bash
# Stages the R package with its C sources, installs its tarball into the build folder (stage/r-library, where the examples find
# it), runs its tests and compares its help with its functions. Usage: check-r.sh [SRCDIR BUILDDIR], else by `make check`.
set -u
source_tree=$(cd "${1:-${top_srcdir:-${srcdir:-.}}}" && pwd) && build=$(cd "${2:-${top_builddir:-.}}" && pwd) || exit 99
R=${R:-R} SWIG=${SWIG:-swig}
export SWIG
for program in "$R" "$SWIG"; do
    command -v "$program" >/dev/null || { echo "skipped: no program '$program'"; exit 77; }
done

stage=$build/stage/r log=$build/stage/r.log library=$build/stage/r-library
mkdir -p "$build/stage" "$library"
scratch=$(mktemp -d) || exit 99
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 99
{
    sh "$source_tree/bindings/stage-r.sh" "$source_tree" "$build" "$stage/libest" && "$R" CMD build "$stage/libest" &&
        MAKEFLAGS=-j2 "$R" CMD INSTALL --library="$library" libest_*.tar.gz
} >"$log" 2>&1 || { tail -15 "$log"; echo "the R package cannot be installed"; echo "0 passed, 1 failed"; exit 1; }

# The help is a test like the others: each function has a page, and each page shows the arguments that the function has.
cp "$source_tree"/bindings/r/libest/tests/*.R . || exit 99
cat >help.R <<'END'
source("harness.R")
same("everything has help", as.character(unlist(tools::undoc("libest"))), character())
same("help and functions agree", length(tools::codoc("libest")), 0L)
for (page in tools::Rd_db("libest"))
  same("Rd syntax", length(as.character(tools::checkRd(page))), 0L)
finish()
END

export R_LIBS=$library
passed=0 failed=0
for file in *.R; do
    [ "$file" != harness.R ] || continue
    "$R" --vanilla --slave -f "$file" >output 2>&1
    status=$?
    counts=$(grep -E '^[0-9]+ passed, [0-9]+ failed$' output | tail -1)
    read -r p _ f _ <<<"${counts:-0 passed, 0 failed}"
    [ $status -eq 0 ] && [ -n "$counts" ] || { echo "== $file"; grep -vxF "$counts" output; }
    [ $status -eq 0 ] || [ "$f" -gt 0 ] || f=1 # stopped before its end
    passed=$((passed + p)) failed=$((failed + f))
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
