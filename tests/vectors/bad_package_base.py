# SPDX-License-Identifier: Apache-2.0
"""What bad packages start from, for bad_packages.py and its kin."""

from recipes import PASSWORD, at_ms, entry, mixed, recipe, source
from specs import clear

# Frames of the package that most of these start from.
SOURCE, FIRST, SECOND_SEGMENT, END, CASE = range(5)


def base(**more):
    """Unsealed: source, two segments, end, case, directory; one link."""
    return recipe("bad base", source(clear("package clear", 2)), **more)


def sealed(**more):
    """Sealed, and so are the bodies of the two segments."""
    found = source(mixed("bad mixed", 2))
    return recipe("bad sealed", found, **{"password": PASSWORD, **more})


def middle(**more):
    """Manifest, two segments, manifest of a longer container."""
    found = source(clear("package periods", 6), at_ms(250), at_ms(550))
    return recipe("bad middle", found, **more)


def bad(name, note, found, rule, verdict="not_authentic", **more):
    return entry(f"bad-{name}", note, found, verdict, rule=rule, **more)


def raw(change):
    """The file changed when it was complete."""
    return lambda data, _writer: change(data)
