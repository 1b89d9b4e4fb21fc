# SPDX-License-Identifier: Apache-2.0
"""Open containers with zero bytes at their end, as file systems leave them (C-VER-1)."""

from good_signatures import DEFERRED, LATE, late_by, segments, signed_only
from specs import clear, entry, strong

OPEN = {"verdict": "incomplete"}


def zeros(size):
    return lambda data: data + bytes(size)


def blank(size):
    """The last bytes, as many, become zero; the size stays."""
    return lambda data: data[:-size] + bytes(size)


def _another_number(stage, found, **context):
    if stage == "start_fields" and context["segment"] == 2:
        return {**found, "segment": 7}
    return found


def zero_tails():
    def of_open(name, note, reshape, complete=2, **more):
        changes = {"close": False, **more}
        verdict = {"verdict": "untrusted"} if "signer" in more else OPEN
        return entry(f"good-zero-{name}", note, clear(f"zero {name}", segments(2), **changes),
                     reshape=reshape, complete=complete, **verdict)

    def cut(name, note, place, reshape, complete=3):
        return entry(f"good-zero-{name}", note, clear(f"zero {name}", segments(3)), cut=place,
                     reshape=reshape, complete=complete, **OPEN)

    yield of_open("one", "one zero byte behind the last segment", zeros(1))
    yield of_open("many", "4,096 zero bytes behind the last segment", zeros(4096))
    yield of_open("unsigned", "unsigned, so that the last segment itself ends in zero bytes",
                  zeros(100), signer=None)
    yield of_open("signature", "the last bytes of a signature are zero", blank(20), 1)
    yield of_open("manifest", "signature and end of a manifest are zero", blank(150), 1)
    yield of_open("manifest-more", "the same with further zero bytes", lambda data: (
        blank(150)(data) + bytes(77)), 1)
    yield of_open("sample", "a segment is zero from its sample on", blank(420), 1)
    yield cut("start", "zero bytes within a segment start", lambda n: n[2] + 50, zeros(500), 2)
    yield cut("crc", "zero bytes within a record header", lambda n: n[2] + 9, zeros(90), 2)
    yield cut("index", "zero bytes within the index", lambda n: n[3] + 60, zeros(400))
    yield cut("end", "zero bytes within the end record", lambda n: n[3] + 400, zeros(400))
    yield cut("end-signature", "zero bytes within the signature of the end record",
              lambda n: n[4] - 50, zeros(50))
    yield cut("tail", "zero bytes within the tail", lambda n: n[4] - 9, zeros(9))
    yield cut("tail-more", "zero bytes within the tail and behind it", lambda n: n[4] - 1,
              zeros(512))
    yield cut("nothing", "zero bytes instead of the first segment", lambda n: n[0], zeros(33), 0)
    yield entry("good-zero-start-wrong", "start of another segment, not whole: not looked at",
                clear("zero wrong start", segments(3), close=False), hook=_another_number,
                complete=2, **OPEN,
                reshape=lambda data: data[: data.rindex(b"SVMSSEG1") + 60] + bytes(300))
    waiting = clear("zero deferred", signed_only(4, 1), critical=DEFERRED, interval=4, close=False)
    yield entry("good-zero-deferred", "segments that wait for a signature, then zero bytes",
                waiting, reshape=zeros(64), complete=2, **OPEN)
    behind = clear("zero late", critical=LATE, **late_by(4, 2))
    yield entry("good-zero-late", "zero bytes within a signature behind the last segment", behind,
                cut=lambda n: n[4] - 20, reshape=zeros(50), complete=3, **OPEN)
    for name, size in (("closed", 64), ("closed-one", 1)):
        yield entry(f"good-zero-{name}", "zero bytes behind the tail: a trailer was begun",
                    clear(f"zero {name}", segments(2)), reshape=zeros(size), closed=True,
                    **OPEN)
    locked = strong("zero strong", segments(2), close=False)
    yield entry("good-zero-strong", "encrypted, zero bytes within the last segment", locked,
                reshape=blank(300), complete=1, **OPEN)


GROUPS = (zero_tails,)
