#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the vectors of ledgers in data/, and expected.txt: what must come of each.

  make_ledger_vectors.py            write them
  make_ledger_vectors.py --check    compare with what is there, write nothing

A line of expected.txt: name, status, then of a good one: number of entries, bytes that are torn, hash of
the entries as text, mark; of a bad one: the entry that the failure names, or "-".
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))

import ledger_ref as ref  # noqa: E402
from svmsref import build, pki, signing, trust  # noqa: E402
from svmsref.primitives import SeededRandom, sha256  # noqa: E402

KEYS = os.path.join(HERE, "..", "data")
DATA = os.path.join(HERE, "data")
NOW = 1_800_000_000 * 10**9
T0 = 1_767_225_600 * 10**9
FIRST = "00000000-1111-4222-8333-444444444444"
SECOND = "aaaaaaaa-1111-4222-8333-444444444444"


def anchors():
    return trust.load_anchors(build.read_file(KEYS, "keys/ca.pem"))


class Signer:
    def __init__(self, certificate, key=None):
        self.chain = trust.load_anchors(build.read_file(KEYS, f"keys/{certificate}.pem"))
        self.key = build.load_private_key(build.read_file(KEYS, f"keys/{key or certificate}.key.pem"))
        self.text = ref.pem_of(self.chain)


def lock(**changes):
    fields = {"kind": ref.LOCK, "id": FIRST, "camera": "door", "first": T0, "last": T0 + 60 * 10**9,
              "why": "theft", "utc": T0}  # fmt: skip
    return ref.Entry(**{**fields, **changes})


def unlock(**changes):
    fields = {"kind": ref.UNLOCK, "id": FIRST, "who": "berta", "utc": T0 + 10**9}
    return ref.Entry(**{**fields, **changes})


class Ledger:
    """A ledger that grows, as good or as bad as it is told to be."""

    def __init__(self, name, signer=None):
        self.random = SeededRandom(name)
        self.parts = [ref.front(self.random(16))]
        self.signer = signer or Signer("p256")
        self.named = None

    @property
    def data(self):
        return b"".join(self.parts)

    def add(self, entry, signer=None, chain=None, number=None, before=None, raw=None, **how):
        signer = signer or self.signer
        if chain is None:
            chain = b"" if self.named == signer.text else signer.text
        self.named = signer.text
        number = len(self.parts) - 1 if number is None else number
        packed = {name: how.pop(name) for name in ("zero", "end") if name in how}
        statement = ref.pack_statement(entry, before or sha256(self.parts[-1]), number, **packed)
        statement = raw(statement) if raw else statement
        self.parts.append(ref.pack_entry(signer.key, chain, statement, self.random, **how))
        return self


def three(name, signer=None):
    made = Ledger(name, signer).add(lock())
    return made.add(lock(id=SECOND, camera="yard", utc=T0 + 5)).add(unlock())


def good():
    yield "good-empty", Ledger("empty").data
    for kind in ("p256", "p384", "ed25519", "rsa2048"):
        yield f"good-{kind}", three(kind, Signer(kind)).data
    yield "good-intermediate", three("i", Signer("p256-by-intermediate", "p256")).data
    texts = lock(who="\u00e4" * 256, why="\u20ac" * 341, camera="A" * 64)
    erase = lock(kind=ref.ERASE, id=SECOND, why="", first=-(2**63), last=2**63 - 1)
    yield "good-bounds", Ledger("bounds").add(texts).add(erase).data
    changed = three("changed").add(lock(id=SECOND, why="new"), Signer("ed25519"))
    yield "good-changed-signer", changed.add(unlock(id=SECOND), Signer("p256")).data
    repeated = Ledger("repeated").add(lock())
    yield "good-chain-again", repeated.add(unlock(), chain=Signer("p256").text).data
    yield "good-back-in-time", Ledger("back").add(lock(utc=T0 + 9)).add(unlock(utc=T0)).data
    yield "good-unlock-of-nothing", Ledger("nothing").add(unlock(id=SECOND)).data


def torn():
    made = three("torn")
    data, last = made.data, len(made.parts[-1])
    yield "torn-one-byte", data[: len(data) - last + 1]
    yield "torn-in-head", data[: len(data) - last + 19]
    yield "torn-behind-head", data[: len(data) - last + 20]
    yield "torn-last-byte", data[:-1]
    yield "torn-zeros-behind-head", data[: len(data) - last + 20] + bytes(last - 20)
    yield "torn-zero-end", data[:-1] + b"\0"
    yield "torn-zeros", data + bytes(4096)
    yield "torn-most-zeros", data + bytes(ref.ENTRY_MAX)
    first = Ledger("torn-first").add(lock()).data
    yield "torn-first-entry", first[:500]


def _at(data, where, byte):
    return data[:where] + bytes([byte]) + data[where + 1 :]


def bad_files():
    made = three("files")
    data, parts = made.data, made.parts
    yield "bad-empty-file", b""
    yield "bad-short-front", data[:31]
    yield "bad-magic", _at(data, 0, 0)
    yield "bad-version", _at(data, 9, 2)
    yield "bad-front-zero", _at(data, 15, 1)
    yield "bad-front-id", _at(data, 20, data[20] ^ 1)
    yield "bad-removed", parts[0] + parts[1] + parts[3]
    yield "bad-swapped", parts[0] + parts[1] + parts[3] + parts[2]
    yield "bad-repeated", data + parts[3]
    yield "bad-first-removed", parts[0] + parts[2] + parts[3]
    yield "bad-other-ledger", three("other").parts[0] + b"".join(parts[1:])
    yield "bad-tail", data + b"x"
    yield "bad-too-many-zeros", data + bytes(ref.ENTRY_MAX + 1)
    yield "bad-zeros-between", b"".join(parts[:3]) + bytes(4) + parts[3]
    yield "bad-zero-end-between", b"".join(parts[:2]) + parts[2][:-1] + b"\0" + parts[3]


def bad_heads():
    made = three("heads")
    start, last = b"".join(made.parts[:3]), made.parts[3]
    yield "bad-head-magic", start + b"svle" + last[4:]
    yield "bad-head-check", start + _at(last, 19, last[19] ^ 1)
    sizes = {"statement-empty": (0, 0, 64), "statement-large": (2049, 0, 64), "chain-large": (100, 98305, 64),
             "signature-empty": (100, 0, 0), "signature-large": (100, 0, 1025)}  # fmt: skip
    for name, (statement, chain, signature) in sizes.items():
        yield f"bad-{name}", start + ref.pack_head(statement, chain, signature, 1) + last[20:]
    longer = ref.pack_head(len(last) - 84 + 1, 0, 64, 1)
    yield "bad-longer-statement", start + longer + last[20:] + b"\n"


def bad_signatures():
    def second(name, **how):
        return Ledger(name).add(lock()).add(unlock(), **how).data

    yield "bad-signature", second("s", change=lambda value: _at(value, 5, value[5] ^ 1))
    yield "bad-high-s", second("h", change=lambda value: signing.high_s(1, value))
    yield "bad-zero-signature", second("z", change=lambda value: bytes(len(value)))
    yield "bad-algorithm", second("a", algorithm=3)
    yield "bad-unknown-algorithm", second("u", algorithm=16)
    yield "bad-other-key", second("o", signer=Signer("ed25519"), chain=b"")
    yield "bad-no-chain", Ledger("n").add(lock(), chain=b"").data
    own = Signer("p256").text
    thief = build.load_private_key(build.read_file(KEYS, "keys/ed25519.key.pem"))
    stolen = Signer("p256")
    stolen.key = thief
    public = pki.public_pem(thief)
    chains = {
        "key-in-chain": public + own, "key-behind-chain": own + public, "crlf": own.replace(b"\n", b"\r\n"),
        "words-before": b"recorder\n" + own, "no-line-end": own[:-1], "empty-line": own + b"\n",
        "no-certificate": b"rubbish\n",
    }  # fmt: skip
    for name, text in chains.items():
        signer = stolen if name.startswith("key") else None
        yield f"bad-chain-{name}", Ledger(name, signer).add(lock(), chain=text).data


def bad_statements():
    def second(name, entry, **how):
        return f"bad-{name}", Ledger(name).add(lock()).add(entry, **how).data

    yield second("kind-0", lock(kind=0))
    yield second("kind-4", lock(kind=4))
    yield second("zero", lock(), zero=1)
    yield second("no-end", lock(), end=b"")
    yield second("other-end", lock(), end=b"\r")
    yield second("byte-more", lock(), end=b"\n\n")
    yield second("number", lock(), number=2)
    yield second("before", lock(), before=bytes(32))
    yield second("id-upper-case", lock(id=SECOND.upper()))
    yield second("id-short", lock(id=SECOND[:-1]))
    yield second("id-long", lock(id=SECOND + "a"))
    yield second("camera-missing", lock(camera=""))
    yield second("camera-path", lock(camera="../door"))
    yield second("camera-dot", lock(camera=".door"))
    yield second("camera-long", lock(camera="a" * 65))
    yield second("range-empty", lock(last=T0))
    yield second("range-backwards", lock(last=T0 - 1))
    yield second("unlock-with-camera", unlock(camera="door"))
    yield second("unlock-with-range", unlock(first=0, last=1))
    yield second("who-missing", lock(who=""))
    yield second("who-long", lock(who="a" * 513))
    yield second("why-long", lock(why="a" * 1025))
    texts = {"line-feed": "a\nb", "delete": "a\x7f", "c1": "a\x85", "nul": "a\0b", "no-utf-8": b"\xff",
             "long-form": b"\xc0\xaf", "surrogate": b"\xed\xa0\x80", "beyond": b"\xf4\x90\x80\x80",
             "cut-character": b"a\xe2\x82"}  # fmt: skip
    for name, text in texts.items():
        yield second(f"why-{name}", lock(why=text))
    yield second("text-beyond", lock(), raw=lambda data: data[:-7] + b"\x00\x09" + data[-5:])
    yield second("statement-short", lock(), raw=lambda data: data[:40])


def bad_signers():
    yield "bad-camera", three("camera", Signer("p256-camera", "p256")).data
    yield "bad-stranger", three("stranger", Signer("ed25519-other-ca", "ed25519")).data
    yield "bad-expired-then", three("expired", Signer("ed25519-2021", "ed25519")).data
    early = Ledger("early").add(lock(utc=0))
    yield "bad-before-validity", early.data
    late = Ledger("late").add(lock()).add(lock(id=SECOND, utc=0)).add(lock(id=FIRST), Signer("ed25519"))
    yield "bad-first-signer-early", late.data


def cases():
    for part in (good, torn, bad_files, bad_heads, bad_signatures, bad_statements, bad_signers):
        yield from part()


def expected(data):
    """The line without its name, by the second implementation."""
    try:
        found = ref.read(data, anchors(), NOW)
    except ref.Refused as refused:
        words = str(refused).split()
        return f"{refused.status} {words[2] if words[1] == 'entry' else '-'}"
    text = "".join(entry.line() for entry in found.entries).encode()
    return f"ok {len(found.entries)} {found.torn} {sha256(text).hex()} {found.mark}"


def outputs():
    lines = []
    for name, data in cases():
        line = expected(data)
        if line.startswith("ok") == name.startswith("bad"):
            sys.exit(f"{name}: {line}")
        lines.append(f"{name} {line}\n")
        yield f"{name}.ledger", data
    yield "expected.txt", "".join(lines).encode()


def main():
    check = sys.argv[1:] == ["--check"]
    names = set()
    for name, data in outputs():
        path = os.path.join(DATA, name)
        names.add(name)
        if not check:
            with open(path, "wb") as file:
                file.write(data)
            continue
        with open(path, "rb") as file:
            if file.read() != data:
                sys.exit(f"{name} is not what make_ledger_vectors.py makes")
    others = set(os.listdir(DATA)) - names
    if others:
        sys.exit(f"nobody makes {sorted(others)}")


if __name__ == "__main__":
    main()
