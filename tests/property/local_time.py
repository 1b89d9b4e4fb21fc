# SPDX-License-Identifier: Apache-2.0
"""Wall clocks and windows, by their definition (R-WIN-1 to R-WIN-3), with Python's zoneinfo."""

import datetime
import functools
import zoneinfo

SECOND = 1_000_000_000
HOUR = 3600
DAY = 86400
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
FIRST_WEEKDAY = 3  # 1970-01-01 was a Thursday.
LONGEST_SEARCH = 22  # Days: a window of one weekday may fall into a gap once, not thrice.


@functools.lru_cache(maxsize=None)
def _zone(name):
    return zoneinfo.ZoneInfo(name)


def offset(zone, second):
    """By how many seconds the wall clock of a zone is ahead of UTC."""
    return int(datetime.datetime.fromtimestamp(second, _zone(zone)).utcoffset().total_seconds())


@functools.lru_cache(maxsize=1 << 16)
def shifts(zone, day):
    """Seconds of one UTC day at which the wall clock is shifted: looked for hour by hour."""
    found = []
    for hour in range(day * DAY, (day + 1) * DAY, HOUR):
        before, after = hour - 1, hour + HOUR - 1
        was = offset(zone, before)
        if was == offset(zone, after):
            continue
        while after - before > 1:
            middle = (before + after) // 2
            if offset(zone, middle) == was:
                before = middle
            else:
                after = middle
        found.append(after)
    return tuple(found)


@functools.lru_cache(maxsize=None)
def minutes(text):
    """Minutes since midnight of "HH:MM"."""
    return int(text[:2]) * 60 + int(text[3:])


def is_open(window, zone, instant):
    """R-WIN-1, word by word. Window: dictionary as in the policy; instant in nanoseconds."""
    second = instant // SECOND
    date, clock = divmod(second + offset(zone, second), DAY)
    start, end = _bounds(window)
    today, yesterday = (DAYS[(date - ago + FIRST_WEEKDAY) % 7] for ago in (0, 1))
    days = window.get("days", DAYS)
    if start < end:
        return today in days and start <= clock < end
    return (today in days and clock >= start) or (yesterday in days and clock < end)


def _bounds(window):
    start, end = minutes(window.get("from", "00:00")), minutes(window.get("to", "24:00"))
    return start * 60, end * 60


def candidates(window, zone, day):
    """Instants of one UTC day at which the window can begin or end, in ascending order: where the
    wall clock shows midnight, `from` or `to`, and where it is shifted. Nanoseconds."""
    return _candidates(*_bounds(window), zone, day)


@functools.lru_cache(maxsize=1 << 16)
def _candidates(start, end, zone, day):
    marks = {0, start % DAY, end % DAY}
    found = set(shifts(zone, day))
    edges = [day * DAY, *shifts(zone, day), (day + 1) * DAY]
    for first, behind in zip(edges, edges[1:]):
        ahead = offset(zone, first)
        for mark in marks:
            found.add(first + (mark - first - ahead) % DAY)
    return tuple(second * SECOND for second in sorted(found) if second < (day + 1) * DAY)


def changes(window, zone, first, behind):
    """Instants in (first, behind) at which the window really opens or closes, ascending."""
    for day in range(first // (DAY * SECOND), (behind - 1) // (DAY * SECOND) + 1):
        for instant in candidates(window, zone, day):
            if first < instant < behind and (
                is_open(window, zone, instant) != is_open(window, zone, instant - 1)
            ):
                yield instant


def next_change(window, zone, instant):
    """The next instant at which a window opens or closes, or None."""
    return next(changes(window, zone, instant, instant + LONGEST_SEARCH * DAY * SECOND), None)
