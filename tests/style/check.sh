#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# House rules that no compiler checks. Prints "file:line: what" for each finding; self_test.sh proves
# that each rule finds what it is for.
# Usage: check.sh ROOT
set -eu

here=$(cd "$(dirname "$0")" && pwd)
cd "$1"
export LC_ALL=C
findings=$(mktemp)
trap 'rm -f "$findings"' EXIT

# Files that people write: not what is built or installed, not test data, not the licence itself, not this folder's own examples of sin.
sources() {
    find . \( -name .git -o -path './build*' -o -path ./examples/viewer/build/out -o -name node_modules \
        -o -name corpus -o -name fixtures -o -name data \) -prune -o \
        -type f \( -name '*.[ch]' -o -name '*.cpp' -o -name '*.sh' -o -name '*.py' -o -name '*.js' -o -name '*.mjs' -o -name '*.ts' \
        -o -name '*.html' -o -name '*.css' -o -name '*.md' -o -name '*.map' -o -name '*.in' \
        -o -name meson.build -o -name meson_options.txt \) -print | sed 's|^\./||' | sort
}

# code_of DIRS...: the C files in those of the folders that exist
code_of() {
    for folder in "$@"; do
        [ ! -d "$folder" ] || find "$folder" -name node_modules -prune -o -type f -name '*.[ch]' -print
    done | sort
}

# An empty file has no lines that awk would see.
licence_line() {
    sources | tr '\n' '\0' | xargs -0 -r awk '
        FNR == 1 { say(); name = FILENAME; found = 0 }
        FNR <= 2 && /SPDX-License-Identifier: Apache-2.0/ { found = 1 }
        function say() { if (name != "" && !found) print name ":1: no SPDX line" }
        END { say() }'
    sources | while read -r file; do
        [ -s "$file" ] || echo "$file:1: no SPDX line"
    done
}

names() {
    sources | grep -i -E '(^|/)([^/]*[_.-])?(utils?|misc|helpers?|common)([_.-][^/]*)?$' |
        sed 's/$/:1: a name that says nothing/'
}

leftovers() {
    sources | grep -v '^tests/style/' | tr '\n' '\0' | xargs -0 -r grep -n -w -E 'TODO|FIXME|XXX' /dev/null |
        sed 's/^\([^:]*:[0-9]*\):.*/\1: unfinished work/'
}

lengths() {
    code_of lib examples | while read -r file; do
        awk -v file="$file" -f "$here/lengths.awk" "$file"
    done
}

openssl_in_public_headers() {
    [ ! -d include ] || grep -r -n -E '^ *# *include *<openssl/' include |
        sed 's/^\([^:]*:[0-9]*\):.*/\1: OpenSSL in a public header/'
}

# With comments and strings blanked, so that words about malloc are allowed.
banned_calls() {
    code_of lib | while read -r file; do
        banned='strcpy|strcat|sprintf|vsprintf|gets|strtok|strtok_r|alloca|printf|vprintf|puts|putchar|fprintf|fputs|perror|system|popen'
        [ "$file" = lib/base/context.c ] || banned="$banned|malloc|calloc|realloc|free"
        awk -f "$here/code_only.awk" "$file" |
            grep -n -o -E "(^|[^A-Za-z0-9_>.])($banned) *\(" |
            sed -E "s|^([0-9]+):[^A-Za-z]*([a-z_]+).*|$file:\1: \2 is banned in lib|"
    done
}

posix_headers() {
    code_of lib | grep -v -x 'lib/base/platform_[a-z_]*\.c' | tr '\n' '\0' | xargs -0 -r \
        grep -n -E '^ *# *include *<(unistd|fcntl|poll|pthread|dirent|signal|termios|pwd|grp|netdb|syslog|dlfcn|sched|sys/[a-z]*|arpa/[a-z]*|netinet/[a-z]*)\.h>' \
            /dev/null | sed 's/^\([^:]*:[0-9]*\):.*/\1: POSIX outside base\/platform_*.c/'
}

layers() {
    code_of lib | while read -r file; do
        awk -v file="$file" -v root=. -f "$here/layers.awk" "$file"
    done
}

# Examples show what the public interface can do: what they include is theirs, public, or the system's.
private_headers() {
    own=$(code_of examples | sed -n 's|.*/\(.*\.h\)$|\1|p' | tr '\n' ' ')
    public=$(code_of include | sed 's|^include/||' | tr '\n' ' ')
    # The $0 is awk's.
    # shellcheck disable=SC2016
    code_of examples | tr '\n' '\0' | xargs -0 -r awk -v own=" $own" -v public=" $public" '
        /^ *# *include *"/ {
            split($0, parts, "\"")
            name = parts[2]
            sub(".*/", "", name)
            if (!index(own, " " name " "))
                print FILENAME ":" FNR ": an example includes \"" parts[2] "\", which is not its own"
        }
        /^ *# *include *<svms\// {
            split($0, parts, "[<>]")
            if (!index(public, " " parts[2] " "))
                print FILENAME ":" FNR ": an example includes <" parts[2] ">, which is not public"
        }'
}

{
    licence_line
    names
    leftovers
    lengths
    openssl_in_public_headers
    banned_calls
    posix_headers
    layers
    private_headers
} > "$findings"

cat "$findings"
count=$(wc -l < "$findings")
echo "$(sources | wc -l) files looked at, $count findings"
[ "$count" -eq 0 ]
