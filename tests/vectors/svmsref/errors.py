# SPDX-License-Identifier: Apache-2.0
"""Errors of this package; nothing else is ever raised for bad input."""


class SvmsRefError(Exception):
    """Base of all errors."""


class UsageError(SvmsRefError):
    """The caller asked for something that cannot be written."""


class KeyRefused(SvmsRefError):
    """A key that was given does not open the container."""


class ContainerError(SvmsRefError):
    """A rule of the specification is broken.

    kind is "malformed", "unsupported" or "not_authentic". segment is the number the segment
    should have, or None for header, access block, index, end and tail.
    """

    def __init__(self, rule, message, offset=0, kind="not_authentic", segment=None, time=None):
        super().__init__(f"{rule}: {message} (offset {offset})")
        self.rule = rule
        self.message = message
        self.offset = offset
        self.kind = kind
        self.segment = segment
        self.time = time


class EndOfFile(SvmsRefError):
    """The file stops inside a structure that is well formed as far as it goes."""

    def __init__(self, offset):
        super().__init__(f"file ends inside the structure at {offset}")
        self.offset = offset
