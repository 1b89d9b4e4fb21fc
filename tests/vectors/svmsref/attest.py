# SPDX-License-Identifier: Apache-2.0
"""Which segments a signature covers (C-SIG-4 to C-SIG-6)."""

from . import constants as c
from . import signatures
from .errors import ContainerError


class Attestation:
    """Segments that were read, until a signature covers them."""

    def __init__(self, header):
        self.header = header
        self.pending = []  # (run, segment): nothing attests it yet
        self.bare = {}  # number: (run, segment) without a signature of its own so far
        self.run = 0  # runs of segments whose chain of manifests is unbroken
        self.attested = []

    def all_segments(self):
        return self.attested + [segment for _, segment in self.pending]

    def break_chain(self):
        self.run += 1

    def _attest(self, run, number):
        """Everything of this run up to this segment."""
        done = [one for one in self.pending if one[0] == run and one[1].number <= number]
        self.pending = [one for one in self.pending if one not in done]
        self.attested += [segment for _, segment in done]
        self.attested.sort(key=lambda segment: segment.number)

    def add(self, segment):
        """A segment was read, all that its manifest says is so."""
        self.pending.append((self.run, segment))
        if segment.signed or not self.header.signed:
            self._attest(self.run, segment.number)
            return
        self.bare[segment.number] = (self.run, segment)
        self._check_distance(segment)

    def _check_distance(self, segment):
        """How long a signature may be left out or be late."""
        deferred = self.header.critical & c.CRITICAL_DEFERRED
        late = self.header.critical & c.CRITICAL_LATE
        waiting = [one for one in self.pending if one[0] == self.run]
        if deferred and not late and len(waiting) >= self.header.signature_interval:
            self._fail("C-SIG-5", "too many manifests in succession without signature", segment)
        if len(waiting) > c.MAX_UNATTESTED:
            self._fail("C-LIM-1", "too many segments that no signature attests", segment)

    @staticmethod
    def _fail(rule, message, segment):
        raise ContainerError(rule, message, segment.offset)

    def late(self, found, segment, strict=True):
        """A late signature record; segment is the number of the one that holds it, or, behind the
        last, how many there are; None when that is not known. A wrong signature is returned as
        (error, number), the rest raised."""
        number = found.number
        bound = segment is None or number < segment <= number + c.LATE_BY
        if bound and number not in self.bare and not strict:
            return None
        if not bound or number not in self.bare:
            message = f"late signature of manifest {number}, which cannot have one here"
            raise ContainerError("C-SIG-4", message, found.offset)
        run, late = self.bare[number]
        try:
            signatures.check(found, self.header, late.body)
        except ContainerError as error:
            error.time = late.manifest.first_utc
            return error, number
        del self.bare[number]
        self._attest(run, number)
        return None

    def end(self):
        """The end record is signed: it covers the run that leads to it."""
        for run, segment in list(self.pending):
            if run == self.run:
                self._attest(run, segment.number)
