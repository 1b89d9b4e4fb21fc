# SPDX-License-Identifier: Apache-2.0
"""Containers whose manifests are signed seldom, late, or in batches (C-SIG-3 to C-SIG-6)."""

from specs import VIDEO, clear, entry, pictures, signer, strong, track

DEFERRED, LATE, BATCH = 1, 2, 4


def segments(count, **by_number):
    """Small segments; by_number gives further members: s3={"signed": False}."""
    found = [{"samples": pictures(number, 1, 4)} for number in range(count)]
    for name, members in by_number.items():
        found[int(name[1:])].update(members)
    return found


def signed_only(count, *numbers):
    """Segments of which only some are signed."""
    found = segments(count)
    for number, segment in enumerate(found):
        segment["signed"] = number in numbers
    return found


def deferred_spec(name, found, interval=4, **changes):
    return clear(name, found, critical=DEFERRED, interval=interval, **changes)


def deferred():
    yield entry("good-deferred", "every fourth manifest is signed, the last ones by the end record",
                deferred_spec("deferred", signed_only(9, 3, 7)))
    yield entry("good-deferred-uneven", "signatures sooner than they must come",
                deferred_spec("deferred uneven", signed_only(8, 0, 1, 4, 6), 64))
    yield entry("good-deferred-none", "only the end record is signed",
                deferred_spec("deferred none", signed_only(3), 8))
    yield entry("good-deferred-rsa", "RSA, every second manifest is signed", deferred_spec(
        "deferred rsa", signed_only(4, 1, 3), 2, signer=signer("rsa2048")))
    locked = strong("deferred strong", signed_only(4, 2), critical=DEFERRED, interval=3)
    yield entry("good-deferred-strong", "encrypted; segments wait for their signature", locked)
    yield entry("good-deferred-strong-open", "encrypted; stops while two segments wait",
                strong("deferred strong open", signed_only(5, 2), critical=DEFERRED, interval=3,
                       close=False), verdict="incomplete", complete=3)
    yield entry("good-deferred-open", "stops while three segments wait for their signature",
                deferred_spec("deferred open", signed_only(7, 3), close=False),
                verdict="incomplete", complete=4)
    yield entry("good-deferred-open-first", "stops before the first signature",
                deferred_spec("deferred open first", signed_only(3), close=False),
                verdict="incomplete", complete=0)
    yield entry("good-deferred-cut-signature", "stops within the signature that covers three",
                deferred_spec("deferred cut", signed_only(3, 2)), verdict="incomplete",
                cut=lambda n: n[3] - 5, complete=0)
    yield entry("good-deferred-cut-end", "stops within the signature of the end record",
                deferred_spec("deferred cut end", signed_only(3, 0)), verdict="incomplete",
                cut=lambda n: n[4] - 33, complete=1)


def late_by(count, distance, **more):
    """Each signature stands some segments later; those left over behind the last segment."""
    found = segments(count)
    for number, segment in enumerate(found):
        segment["signed"] = False
        if number >= distance:
            segment["late"] = [number - distance]
    behind = list(range(max(0, count - distance), count))
    if behind == [count - 1]:  # directly behind its own manifest
        found[-1]["signed"], behind = True, []
    return {"segments": found, "late": behind, **more}


def late_spec(name, critical=LATE, **members):
    return clear(name, critical=critical, **members)


def late():
    yield entry("good-late", "each signature stands in the next segment",
                late_spec("late", **late_by(4, 1)))
    yield entry("good-late-two", "two segments later, ECDSA", late_spec(
        "late two", **late_by(5, 2), signer=signer("p256")))
    yield entry("good-late-strong", "encrypted, signatures two segments later",
                strong("late strong", critical=LATE, **late_by(4, 2)))
    yield entry("good-late-all-behind", "all signatures stand behind the last segment",
                late_spec("late behind", **late_by(4, 9)))
    yield entry("good-late-order", "behind the last segment in falling order; the last is its own",
                late_spec("late order", segments=signed_only(3, 2), late=[1, 0]))
    yield entry("good-late-own", "signatures may be late, but none is",
                late_spec("late own", segments=segments(3)))
    some = signed_only(5, 1, 4)
    some[3]["late"] = [2, 0]
    yield entry("good-late-mixed", "some late, some not", late_spec(
        "late mixed", segments=some, late=[3]))
    far = segments(65, s0={"signed": False}, s1={"signed": False}, s64={"late": [0]})
    yield entry("good-late-64", "signatures 64 segments later, within and behind",
                late_spec("late 64", segments=far, late=[1]))
    yield entry("good-late-missing", "a signature never comes; later ones attest its segment",
                late_spec("late missing", segments=segments(4, s1={"signed": False})))
    both = signed_only(7, 1)
    both[5]["late"] = [3]
    both[6]["late"] = [4]
    yield entry("good-late-deferred", "late, and not every manifest is signed", late_spec(
        "late deferred", DEFERRED | LATE, segments=both, interval=4))
    many = signed_only(6)
    yield entry("good-late-deferred-none", "only the end record is signed, more than the interval",
                late_spec("late deferred none", DEFERRED | LATE, segments=many, interval=2))


def late_open():
    yield entry("good-late-open", "stops while two segments wait", late_spec(
        "late open", **late_by(5, 2, close=False)), verdict="incomplete", complete=3)
    held = late_by(4, 1)
    yield entry("good-late-cut-holder", "stops in a segment behind the late signature it holds",
                late_spec("late holder", **held), verdict="incomplete",
                cut=lambda n: n[4] - 3 * 112 - 20, complete=3)
    yield entry("good-late-cut-behind", "stops within the second signature behind the last segment",
                late_spec("late cut behind", **late_by(4, 2)), verdict="incomplete",
                cut=lambda n: n[4] - 5, complete=3)


def in_batch(size, place=0, others=(), levels=0):
    return {"size": size, "place": place, "others": list(others), "levels": levels}


def batch():
    shapes = ((1, 0), (2, 1), (3, 2), (5, 4), (7, 3), (64, 63), (65, 64))
    found = segments(len(shapes))
    for segment, shape in zip(found, shapes):
        segment["batch"] = in_batch(*shape)
    yield entry("good-batch", "signed with others, in trees of many shapes",
                clear("batch", found, critical=BATCH))
    for kind in ("p256", "rsa2048"):
        yield entry(f"good-batch-{kind}", f"signed with others, {kind}", clear(
            f"batch {kind}", segments(2, s1={"batch": in_batch(6, 2)}), critical=BATCH,
            signer=signer(kind)))
    together = signed_only(5, 4)
    shared = in_batch(5, 1, [0, 1, 2])
    together[3]["late"] = [[number, shared] for number in range(3)]
    yield entry("good-batch-late", "three manifests signed together, late", late_spec(
        "batch late", LATE | BATCH, segments=together, late=[3]))
    all_bits = signed_only(5, 1)
    all_bits[1]["batch"] = in_batch(4, 2)
    all_bits[4]["late"] = [[3, in_batch(2, 1)]]
    yield entry("good-batch-all-bits", "seldom, late and in batches", clear(
        "batch all", all_bits, critical=DEFERRED | LATE | BATCH, interval=3))
    deep = segments(2, s0={"batch": in_batch(1, 12345678901, levels=40)})
    yield entry("good-batch-40", "proof of forty levels", clear("batch 40", deep, critical=BATCH))
    yield entry("good-batch-none", "batches are announced, but there is none",
                clear("batch none", segments(2), critical=BATCH))
    locked = strong("batch strong", segments(2, s0={"batch": in_batch(3, 1)}), critical=BATCH,
                    tracks=[track(VIDEO, "strong")])
    yield entry("good-batch-strong", "encrypted, signed with others", locked)


GROUPS = (deferred, late, late_open, batch)
