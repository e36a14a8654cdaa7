#!/usr/bin/env bash
# Every file of these folders stands in Makefile.am, so that nothing is left unbuilt, untested or out of the tarball.
set -u
cd "$srcdir" || exit 99
status=0
while IFS= read -r file; do
    case $file in
        libest/data/bundled_data.c | libest/data/bundled_text.c | */__pycache__/*) continue ;; # made by the build
    esac
    # A dataset's page stands there by its table.
    case $file in datasets/README.md) ;; datasets/*.md) file=${file%.md}.csv ;; esac
    # A program of one source stands there without its extension.
    grep -qE "(^|[ /=])${file//./\\.}( |\$)|(^  |^check_PROGRAMS.* )${file%.c}( |\$)" Makefile.am && continue
    echo "$file does not stand in Makefile.am"
    status=1
done < <(find libest include tests examples datasets bindings docs -type f \
    \( -regex '.*\.\(c\|h\|cpp\|i\|sh\|py\|R\|Rd\|awk\|csv\|md\|txt\|toml\|in\|json\|html\|svg\)' \
    -o -name DESCRIPTION -o -name NAMESPACE -o -name configure \) | sort)
exit $status
