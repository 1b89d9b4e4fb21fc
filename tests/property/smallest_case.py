# SPDX-License-Identifier: Apache-2.0
"""Makes a case small: leaves out whatever a failure does not need."""

import copy


def _paths(thing, path=()):
    """Paths of everything that could be left out of a JSON value, large things first."""
    if not isinstance(thing, (dict, list)):
        return
    keys = list(thing) if isinstance(thing, dict) else range(len(thing))
    for key in keys:
        yield (*path, key)
    for key in keys:
        yield from _paths(thing[key], (*path, key))


def _without(thing, path):
    thing = copy.deepcopy(thing)
    inner = thing
    for key in path[:-1]:
        inner = inner[key]
    del inner[path[-1]]
    return thing


def smallest(case, fails):
    """The case, a dictionary, without all that can be missing while fails(case) holds. The members
    of the dictionary itself stay."""
    is_smaller = True
    while is_smaller:
        is_smaller = False
        for path in list(_paths(case)):
            try:
                smaller = _without(case, path) if len(path) > 1 else None
            except (KeyError, IndexError, TypeError):
                continue  # What held it has gone.
            if smaller is not None and fails(smaller):
                case, is_smaller = smaller, True
    return case
