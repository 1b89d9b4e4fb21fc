# SPDX-License-Identifier: Apache-2.0
"""RSA keys, key-encryption keys, key officers, and which slot counts (section 9)."""

from dataclasses import replace

from specs import entry, strong
from svmsref import access
from svmsref.primitives import SeededRandom

RSA = {size: f"keys/recipient-rsa{size}" for size in (2048, 3072, 4096)}
KEK = "keys/kek.key.pem"
X25519 = "keys/recipient-x25519"
NOBODY = {"verdict_with_key": "undecryptable", "first_failure_with_key": (None, "C-KEY-2")}


def for_keys(name, *recipients, **changes):
    """Strong, without password."""
    spec = strong(name, recipients=list(recipients), **changes)
    del spec["password"], spec["log2_n"]
    return spec


def recipients():
    for size, path in RSA.items():
        yield entry(f"good-recipient-rsa{size}", f"strong, RSA of {size} bits",
                    for_keys(f"rsa {size}", f"{path}.pub.pem"), identity=f"{path}.key.pem")
    yield entry("good-recipient-kek", "strong, key-encryption key", for_keys("kek", KEK), kek=KEK)
    every = [f"{path}.pub.pem" for path in RSA.values()] + [f"{X25519}.pub.pem", KEK]
    everybody = strong("everybody", recipients=every)
    yield entry("good-recipient-kek-last", "password, RSA, X25519 and a key-encryption key",
                everybody, kek=KEK)
    yield entry("good-recipient-rsa-between", "the same, opened with the second RSA key",
                {**everybody, "seed": "everybody 2"}, identity=f"{RSA[3072]}.key.pem")
    yield entry("good-kek-wrong", "the key-encryption key that is given is another",
                for_keys("kek wrong", KEK), kek="keys/other-kek.key.pem", **NOBODY)
    yield entry("good-rsa-wrong", "the RSA key that is given is another",
                for_keys("rsa wrong", f"{RSA[2048]}.pub.pem"), identity="keys/rsa2048.key.pem",
                **NOBODY)


def _slots(change):
    def hook(stage, value, **_context):
        return change(value) if stage == "slots" else value

    return hook


def _bearing(key_id, decoys=()):
    """All stanzas bear this key id; decoys stand before them."""

    def change(found):
        stanzas = [(kind, key_id + body[16:]) for kind, body in found[0].stanzas]
        return [replace(found[0], stanzas=[*decoys, *stanzas]), None]

    return _slots(change)


def hints():
    random = SeededRandom("decoys")
    cases = (
        ("x25519", access.X25519, f"{X25519}.pub.pem", {"identity": f"{X25519}.key.pem"}),
        ("p256", access.P256, "keys/recipient-p256.pub.pem", {
            "identity": "keys/recipient-p256.key.pem"}),
        ("rsa", access.RSA_OAEP, f"{RSA[2048]}.pub.pem", {"identity": f"{RSA[2048]}.key.pem"}),
        ("kek", access.KEK, KEK, {"kek": KEK}),
    )  # fmt: skip
    for name, kind, recipient, opener in cases:
        yield entry(f"good-hint-{name}", "key id of zeros, which says nothing",
                    for_keys(f"hint {name}", recipient), hook=_bearing(bytes(16)), **opener)
        size = access.BODY_SIZES[kind][0] - 16
        decoys = [(kind, bytes(16) + b"\4" + random(size - 1)) for _ in range(2)]
        yield entry(f"good-hint-{name}-third", "the third stanza without key id opens",
                    for_keys(f"hint {name} 3", recipient, slot_size=1536),
                    hook=_bearing(bytes(16), decoys), **opener)
        yield entry(f"good-hint-{name}-other", "key id of somebody else",
                    for_keys(f"hint {name} other", recipient), hook=_bearing(b"\1" * 16),
                    **opener, **NOBODY)


def _nobody(slot, revision):
    """A slot with a stanza that nobody opens."""
    random = SeededRandom("nobody")
    return replace(slot, stanzas=[(access.X25519, random(96))], revision=revision)


def slots():
    def one(name, note, change, **more):
        return entry(name, note, strong(name), hook=_slots(change), **more)

    yield one("good-slot-equal", "of equal revisions the first slot counts", lambda found: [
        found[0], _nobody(found[0], 1)])
    yield one("good-slot-equal-shut", "of equal revisions the first counts, which has other keys",
              lambda found: [_nobody(found[0], 1), found[0]], **NOBODY)
    yield one("good-slot-removed", "the second slot counts, which does not know the password",
              lambda found: [found[0], _nobody(found[0], 2)], **NOBODY)
    yield one("good-slot-only-second", "the first slot is empty", lambda found: [None, found[0]])
    yield one("good-slot-revision-high", "revisions beyond 32 bits", lambda found: [
        _nobody(found[0], 2**32), replace(found[0], revision=2**64 - 1)])


OFFICERS = {
    "trusted": {"cert": "keys/p256-officer.pem", "key": "keys/p256.key.pem"},
    "ed25519": {"cert": "keys/ed25519-officer.pem", "key": "keys/ed25519.key.pem"},
    "rsa": {"cert": "keys/rsa2048-officer.pem", "key": "keys/rsa2048.key.pem"},
    "wrong_role": {"cert": "keys/p256.pem", "key": "keys/p256.key.pem"},
    "unknown_issuer": {"cert": "keys/ed25519-officer-other-ca.pem", "key": "keys/ed25519.key.pem"},
    "intermediate": {"cert": "keys/p384-officer-by-intermediate.pem", "key": "keys/p384.key.pem"},
}


def officers():
    for name, officer in OFFICERS.items():
        known = "trusted" if name not in ("wrong_role", "unknown_issuer") else name
        yield entry(f"good-officer-{name.replace('_', '-')}", f"key officer, {name}",
                    strong(f"officer {name}", officer=officer), officer=known)
    unsigned = strong("officer unsigned", signer=None, officer=OFFICERS["trusted"])
    yield entry("good-officer-unsigned", "unsigned, yet a key officer signed the recipients",
                unsigned, officer="trusted", verdict="untrusted")
    second = strong("officer second", officer=OFFICERS["trusted"])
    yield entry("good-officer-second", "the officer signed the second slot only", second,
                hook=_slots(lambda found: [
                    replace(found[0], officer=b""), replace(found[0], revision=2)]),
                officer="trusted")


GROUPS = (recipients, hints, slots, officers)
