#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Sins against each rule in a tree made for it: check.sh must find exactly these, by file and line.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
cd "$tree"
mkdir -p include/svms lib/base lib/crypto lib/identity lib/container lib/novelty examples docs
spdx='/* SPDX-License-Identifier: Apache-2.0 */'

lines() {
    i=0
    while [ "$i" -lt "$1" ]; do
        echo '    x++;'
        i=$((i + 1))
    done
}

# Without sin, though some of it looks like one.
{
    echo "$spdx"
    echo '#include <unistd.h>'
} > lib/base/platform_posix.c
{
    echo "$spdx"
    echo '#include <svms/context.h>'
    echo 'void *get(size_t size) { return malloc(size); }'
    echo 'void put(void *p) { free(p); }'
} > lib/base/context.c
{
    echo "$spdx"
    echo '/* free (malloc(1)) in a comment, and over'
    echo ' * lines: strcpy(a, b) */'
    echo '#include "inner.h"'
    echo '#include <svms/time.h>'
    echo 'void svms_free(int x); // sprintf('
    echo 'const char *text = "\"printf(1)"; char quote = '"'\"'"'; int snprintf(void);'
    echo 'int ok(struct s *s) { return s->free(s) + s.puts(1) + my_malloc(2); }'
    echo 'static int just_fits(int x)'
    echo '{'
    lines 57
    echo '}'
} > lib/crypto/clean.c
echo "$spdx" > lib/base/inner.h
echo "$spdx" > lib/identity/upper.h
echo "$spdx" > include/svms/writer.h
"$here/check.sh" "$tree" > clean.log || { cat clean.log; echo "findings where there is no sin" >&2; exit 1; }

# With sin.
: > expected
sin() {
    echo "$1" >> expected
}
echo 'int x;' > lib/base/naked.c
sin 'lib/base/naked.c:1: no SPDX line'
echo "$spdx" > lib/base/string_utils.c
sin 'lib/base/string_utils.c:1: a name that says nothing'
echo "$spdx" > examples/common.c
sin 'examples/common.c:1: a name that says nothing'
printf '%s\nint a; /* %s: more */\n' "$spdx" "TO""DO" > lib/base/later.c
sin 'lib/base/later.c:2: unfinished work'
printf '<!-- SPDX-License-Identifier: Apache-2.0 -->\n%s later\n' "FIX""ME" > docs/later.md
sin 'docs/later.md:2: unfinished work'
{
    echo "$spdx"
    echo 'static int too_long(int x,'
    echo '                    int y)'
    echo '{'
    lines 57
    echo '}'
} > examples/long.c
sin 'examples/long.c:2: too_long has 61 lines, 60 are allowed'
{
    echo "$spdx"
    i=0
    while [ "$i" -lt 800 ]; do
        echo 'int x;'
        i=$((i + 1))
    done
} > lib/base/endless.c
sin 'lib/base/endless.c:801: the file has 801 lines, 800 are allowed'
printf '%s\n#include <openssl/evp.h>\n' "$spdx" > include/svms/key.h
sin 'include/svms/key.h:2: OpenSSL in a public header'
{
    echo "$spdx"
    echo 'int a = 1; /* here */ void *p = malloc(1);'
    echo 'void f(void) { free (p); }'
    echo 'void g(void) { puts("x"); }'
    echo 'void h(void) { strcpy(a, b); }'
    echo 'void i(void) { snprintf(a, b); fprintf(stderr, "x"); }'
} > lib/crypto/banned.c
sin 'lib/crypto/banned.c:2: malloc is banned in lib'
sin 'lib/crypto/banned.c:3: free is banned in lib'
sin 'lib/crypto/banned.c:4: puts is banned in lib'
sin 'lib/crypto/banned.c:5: strcpy is banned in lib'
sin 'lib/crypto/banned.c:6: fprintf is banned in lib'
printf '%s\nvoid k(void) { printf("x"); }\n' "$spdx" >> lib/base/context.c
sin 'lib/base/context.c:6: printf is banned in lib'
printf '%s\n#include <unistd.h>\n# include <sys/stat.h>\n' "$spdx" > lib/base/posix.c
sin 'lib/base/posix.c:2: POSIX outside base/platform_*.c'
sin 'lib/base/posix.c:3: POSIX outside base/platform_*.c'
{
    echo "$spdx"
    echo '#include <svms/identity.h>'
    echo '#include <svms/writer.h>'
    echo '#include "upper.h"'
    echo '#include "nowhere.h"'
    echo '#include <svms/svms.h>'
} > lib/crypto/climbs.c
sin 'lib/crypto/climbs.c:2: lib/crypto must not include <svms/identity.h>'
sin 'lib/crypto/climbs.c:3: lib/crypto must not include <svms/writer.h>'
sin 'lib/crypto/climbs.c:4: lib/crypto must not include "upper.h" of lib/identity'
sin 'lib/crypto/climbs.c:5: lib/crypto must not include "nowhere.h", which is in no folder of lib'
sin 'lib/crypto/climbs.c:6: lib/crypto must not include <svms/svms.h>'
printf '%s\n#include "inner.h"\n' "$spdx" > lib/novelty/unlisted.c
sin 'lib/novelty/unlisted.c:2: lib/novelty must not include "inner.h" of lib/base'
mkdir -p examples/camera
echo "$spdx" > examples/camera/lens.h
{
    echo "$spdx"
    echo '#include <stdio.h>'
    echo '#include <svms/writer.h>'
    echo '#include "lens.h"'
    echo '#include "inner.h"'
    echo '#include <svms/inner.h>'
} > examples/camera/peeps.c
sin 'examples/camera/peeps.c:5: an example includes "inner.h", which is not its own'
sin 'examples/camera/peeps.c:6: an example includes <svms/inner.h>, which is not public'

if "$here/check.sh" "$tree" > sinful.log; then
    echo "check.sh is content with a sinful tree" >&2
    exit 1
fi
sed '$d' sinful.log | sort > found
sort expected > wanted
if ! diff wanted found; then
    echo "check.sh found something else than it should (< wanted, > found)" >&2
    exit 1
fi
echo "$(wc -l < wanted) sins, all found"
