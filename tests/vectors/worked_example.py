# SPDX-License-Identifier: Apache-2.0
"""Section 18 of the specification, written from the container itself."""

from svmsref import access
from svmsref import constants as c
from svmsref.header import TAG_NAMES
from svmsref.primitives import scrypt

HEADING = "## 18. Worked example"
ROW = 32

INTRODUCTION = """
`tests/vectors/data/worked-example.svms`, {size} bytes: signed with Ed25519 in the role recorder, one strong video track of
{count} samples, {plain}, one recipient: the password `{password}` at log2 N = {log2_n}. Certificate and CA lie beside it
in `keys/`. `tests/vectors/make_vectors.py` writes this section from the file.

```
{keys}
```

Offset, bytes and meaning; `…` stands for zero bytes, and a row without offset continues the one above.

```
{rows}
```
"""


class Layout:
    """Walks over a container and writes down what stands where."""

    def __init__(self, data):
        self.data = data
        self.position = 0
        self.rows = []

    def field(self, size, meaning):
        part = self.data[self.position : self.position + size]
        assert len(part) == size, meaning
        offset = f"{self.position:5}"
        if size > ROW and not any(part):
            self.rows.append(f"{offset}  {'00 …':<{2 * ROW}}  {meaning}")
        else:
            for start in range(0, size, ROW):
                text = part[start : start + ROW].hex()
                self.rows.append(f"{offset}  {text:<{2 * ROW}}  {meaning}".rstrip())
                offset, meaning = " " * 5, ""
        self.position += size
        return part

    def fields(self, *pairs):
        for size, meaning in pairs:
            self.field(size, meaning)

    def number(self, size, meaning):
        return int.from_bytes(self.field(size, meaning), "big")


def _prefix(layout, kind):
    layout.fields(
        (8, f'"SVMO", type {kind}, version 1, role 2, zero'),
        (8, "suite 1, algorithm 3, length of the object"),
        (32, "SHA-256 of the certificate"),
    )


def _header(layout, size):
    layout.fields(
        (8, "magic"),
        (16, f"version 1.0, zero, compatible bits, critical bits, L = {size}"),
    )
    _prefix(layout, 1)
    while layout.position < size:
        head = layout.data[layout.position : layout.position + 8]
        tag, length = int.from_bytes(head[:2], "big"), int.from_bytes(head[4:], "big")
        layout.field(8, f"tag {tag}: {TAG_NAMES[tag]}")
        _header_field(layout, tag, length)


def _header_field(layout, tag, length):
    parts = {
        c.TAG_CHAIN: [(4, "length of the certificate"), (length - 4, "certificate, DER")],
        c.TAG_ID: [(32, "container id, recording id"), (8, "sequence number 0")],
        c.TAG_TIMES: [(16, "UTC created, UTC that media time counts from"),
                      (4, "origin 1 live, source 1 system clock, zero")],
        c.TAG_TRACK: [(8, 'track 0, video, strong, zero, "avc1"'),
                      (28, "time base 1/90000, default duration 9000, 64 × 48, no sound")],
        c.TAG_KEYS: [(32, "key check"), (4, "slot size 512")],
        c.TAG_LIMITS: [(16, "4 s, 1 MiB"), (8, "every manifest is signed, zero")],
    }  # fmt: skip
    layout.fields(*parts.get(tag, [(length, "device id" if tag == 3 else '"svmsref"')]))


def _record(layout, name):
    layout.field(16, f"record header: {name}")


def _signature(layout, of):
    _record(layout, f"signature of the {of}")
    layout.fields((16, "kind 1, zero, algorithm 3, object number, length 64"), (64, "signature"))


def _access(layout):
    start = layout.position
    layout.fields(
        (8, '"SVMA", version 1, zeros'),
        (16, "container id"),
        (16, "revision 1, 1 stanza, 76 bytes of stanzas"),
        (8, "type 1 password, zero, 68 bytes"),
        (16, "salt"),
        (4, "log2 N = 10, zeros"),
        (48, "CK sealed with the scrypt key, aad A"),
        (4, "no officer part"),
        (32, "HMAC-SHA-256 with the access key"),
        (32, "SHA-256 of the slot so far"),
    )
    layout.field(start + 512 - layout.position, "zeros to the slot size")
    layout.field(512, "second slot: empty")


def _samples(layout, count):
    for number in range(count):
        length = layout.data[layout.position + 3]
        flags = layout.data[layout.position + 1]
        size = int.from_bytes(layout.data[layout.position + 4 : layout.position + 8], "big")
        layout.field(8, f"sample: flags {flags:02x}, track 0, header {length}, body {size}")
        layout.field(12, f"record {number + 1}, decoding time")
        if flags & c.HAS_DURATION:
            layout.field(4, "duration 4500")
        layout.field(4, "CRC-32")
        layout.field(size - c.TAG, f"sample {number} sealed")
        layout.field(c.TAG, "tag of its chunk")


def _segment(layout, count):
    _record(layout, "segment start")
    layout.fields((16, '"SVMSSEG1", h…'), (8, "segment 0"), (32, "salt"),
                  (16, "UTC, monotonic time"),
                  (8, "no checkpoint yet"))  # fmt: skip
    _samples(layout, count)
    _record(layout, f"manifest, record {count + 1}")
    _prefix(layout, 2)
    layout.fields(
        (32, "h"), (8, "segment 0"), (32, "h, there is no manifest before"), (32, "salt"),
        (16, "first UTC, last UTC"), (16, "UTC and monotonic time of the manifest"),
        (12, "bytes and records before the manifest"),
        (4, "synchronised, no gap, begins with sync"),
        (32, "no evidence outside"), (4, "2 entries, zero"),
        (8, f"track 0, zeros, {count} leaves"), (16, "presentation time 0, its UTC"),
        (32, "MTH over the samples"), (32, "commitment C"),
        (8, "auxiliary records, zeros, 1 leaf"), (16, "no times"),
        (32, "MTH over the segment start"), (32, "no commitment"),
    )  # fmt: skip
    _signature(layout, "manifest")


def _ending(layout):
    offset = layout.position
    _record(layout, "index")
    layout.fields(
        (16, '"SVMSINDX", h…'), (16, f"level 0, zero, 1 entry, zeros, offset {offset}"),
        (8, "no checkpoint before"),
        (16, "segment 0, offset of its start"), (16, "first UTC, last UTC"), (8, "1 segment, zero"),
        (32, "hash of the manifest"),
    )  # fmt: skip
    end = layout.position
    _record(layout, "end")
    _prefix(layout, 3)
    layout.fields(
        (32, "h"), (8, "1 segment"), (32, "hash of the last manifest"),
        (16, f"offset {end} of this record, {offset} of the root"), (32, "SHA-256 of the index"),
        (32, "SHA-256 of the root"),
        (16, "UTC, last UTC of any sample"), (8, "reason 1 closed, zeros"),
    )  # fmt: skip
    _signature(layout, "end record")
    _record(layout, "tail")
    layout.field(16, f'offset {end}, "SVMSTAIL"')
    assert layout.position == len(layout.data)


def _keys(container, writer, spec):
    """The intermediate values, in the order in which they are derived."""
    trace, header = writer.trace, container.find(access.SLOT_MAGIC)
    stanza = container[header + 48 : header + 48 + 68]
    keys = trace["track_keys_0"][0]
    pairs = (
        ("CK", writer.content_key),
        ("PH", trace["ph"]),
        ("key check", trace["key_check"]),
        ("h", writer.header_hash),
        ("P", trace["p"]),
        ("access key", writer.keys.access),
        ("A, type 1", access.stanza_binding(access.PASSWORD, writer.header_hash)),
        ("scrypt key", scrypt(spec["password"].encode(), stanza[:16], spec["log2_n"])),
        ("T(0, 0)", keys.secret),
        ("key", keys.key),
        ("nonce base", keys.nonce_base),
        ("nonce, sample 1", keys.nonce(1, 0)),
        ("commitment C", keys.commitment),
    )
    return "\n".join(f"{name:<16}{value.hex()}" for name, value in pairs)


def section(container, writer, spec):
    """The whole section, heading included."""
    samples = [bytes.fromhex(one["data"]).decode() for one in spec["segments"][0]["samples"]]
    layout = Layout(container)
    _header(layout, int.from_bytes(container[20:24], "big"))
    _signature(layout, "header")
    _access(layout)
    _segment(layout, len(samples))
    _ending(layout)
    text = INTRODUCTION.format(
        size=len(container),
        count=len(samples),
        plain=" and ".join(f'"{sample}"' for sample in samples),
        password=spec["password"],
        log2_n=spec["log2_n"],
        keys=_keys(container, writer, spec),
        rows="\n".join(layout.rows),
    )
    return HEADING + "\n" + text
