# SPDX-License-Identifier: Apache-2.0
# Functions over 60 lines and files over 800. Our formatting puts the braces of a function, and of
# nothing else, into the first column; the declarator above belongs to the function.
BEGIN { start = 0; named = "" }
/^[A-Za-z_].*\(/ && !/;[ ]*$/ { start = FNR; named = $0 }
/^\{/ { open = FNR }
/^\}/ {
    if (open && start && FNR - start + 1 > 60) {
        sub(/\(.*/, "", named)
        sub(/.*[ *]/, "", named)
        printf "%s:%d: %s has %d lines, 60 are allowed\n", file, start, named, FNR - start + 1
    }
    open = 0
    start = 0
}
END {
    if (FNR > 800)
        printf "%s:%d: the file has %d lines, 800 are allowed\n", file, FNR, FNR
}
