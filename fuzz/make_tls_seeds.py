#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of fuzz_tls, and with --identity also the certificates that it carries (then the seeds that damage
one certain byte damage another one). The form of an input is told in fuzz_tls.c."""

import datetime
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.join(HERE, "..", "tests", "interop")
sys.path.insert(0, TESTS)

import tls_hello  # noqa: E402
import tls_workshop  # noqa: E402

OUT = os.path.join(HERE, "corpus", "tls")
TLS12, TICKETS, ALPN, OPTIONAL, INSPECTED, STAPLE, NEED_STAPLE, NOT_ASKED = (1 << bit for bit in range(8))
SERVER, CLIENT, BOTH, FOREIGN_CLIENT, FOREIGN_SERVER = range(5)
FEED, READ, WRITE, CLOSE, DRAIN, ENDS = 0, 1, 2, 4, 8, 16
FROM_SERVER = 0x80
# Nothing in a seed is random, so that they are the same whenever they are written.
FIXED = {"random": bytes(range(32)), "shares": ((tls_hello.X25519, lambda: b"\x09" + bytes(31)),)}
XOR, SET, DELETE, INSERT, CUT = range(5)


def c_text(name, pem):
    lines = "\n".join(f'    "{line}\\n"' for line in pem.decode().splitlines())
    return f"static const char {name}[] =\n{lines};\n"


def write_identity():
    period = {"before": datetime.datetime(2020, 1, 1), "after": datetime.datetime(2060, 1, 1)}
    shop = tls_workshop.Authority("Fuzzing root", **period)
    parts = ["/* SPDX-License-Identifier: Apache-2.0 */\n"
             "/* Written by make_tls_seeds.py. Public, and for tests only. */\n"
             "#ifndef SVMS_FUZZ_TLS_IDENTITY_H\n#define SVMS_FUZZ_TLS_IDENTITY_H\n\n#include <stdint.h>\n",
             c_text("fuzz_root", tls_workshop.pem_of(shop.certificate))]
    for side in ("server", "client"):
        key = tls_workshop.new_key()
        leaf = shop.issue(side, key=key, purposes=(side,), names=("recorder.test",) if side == "server" else (),
                          **period)
        parts.append(c_text(f"fuzz_{side}", tls_workshop.pem_of(leaf)))
        parts.append(c_text(f"fuzz_{side}_key", tls_workshop.key_pem(key)))
        if side == "server":
            staple = shop.ocsp(leaf, this=period["before"], following=period["after"])
    rows = [", ".join(f"0x{byte:02x}" for byte in staple[i:i + 16]) for i in range(0, len(staple), 16)]
    parts.append("static const uint8_t fuzz_staple[] = {\n    " + ",\n    ".join(rows) + ",\n};\n")
    parts.append("#endif\n")
    with open(os.path.join(HERE, "fuzz_tls_identity.h"), "w", encoding="utf-8") as file:
        file.write("\n".join(parts))


def chunk(data, action=FEED | READ | DRAIN):
    return bytes([action]) + len(data).to_bytes(2, "little") + data


def edit(operation, position, value=0xFF, sender=0):
    return bytes([operation | sender]) + position.to_bytes(2, "little") + bytes([value])


def both(options, edits=(), pacing=b"", ends=BOTH):
    return bytes([options, ends, len(edits)]) + b"".join(edits) + pacing


def alone(side, options, *chunks):
    return bytes([options, side]) + b"".join(chunks)


def hello(**options):
    return tls_hello.record(tls_hello.HANDSHAKE, tls_hello.client_hello(**FIXED, **options))


def answer(**options):
    message = tls_hello.server_hello(random=FIXED["random"], **options)
    return tls_hello.record(tls_hello.HANDSHAKE, message, tls_hello.TLS12)


def seeds_alone():
    first = hello()
    yield "server-hello-13", alone(SERVER, 0, chunk(first))
    yield "server-hello-12", alone(SERVER, TLS12, chunk(hello(versions=())))
    yield "server-hello-pieces", alone(SERVER, TLS12, *[chunk(first[i:i + 20]) for i in range(0, len(first), 20)])
    yield "server-hello-alpn", alone(SERVER, ALPN, chunk(hello(alpn=[b"a/1"])))
    yield "server-hello-ends", alone(SERVER, 0, chunk(first, FEED | ENDS | READ))
    yield "server-http", alone(SERVER, 0, chunk(b"GET / HTTP/1.1\r\n\r\n"))
    yield "server-alert", alone(SERVER, TLS12, chunk(tls_hello.record(21, b"\x02\x28")))
    yield "server-long-record", alone(SERVER, 0, chunk(b"\x16\x03\x01\xff\xff" + bytes(300)))
    yield "server-writes-early", alone(SERVER, NOT_ASKED, chunk(b"", WRITE | CLOSE), chunk(first, WRITE | DRAIN))
    share = tls_hello.extension(43, b"\x03\x04") + tls_hello.extension(51, b"\x00\x1d\x00\x20\x09" + bytes(31))
    yield "client-hello-13", alone(CLIENT, 0, chunk(answer(cipher=0x1301, extensions=share)))
    yield "client-hello-12", alone(CLIENT, TLS12, chunk(answer()))
    yield "client-old", alone(CLIENT, TLS12, chunk(answer(version=tls_hello.TLS10)))
    yield "client-compressed", alone(CLIENT, TLS12 | INSPECTED, chunk(answer(compression=1)))
    yield "client-smtp", alone(CLIENT, 0, chunk(b"220 mail.test ESMTP\r\n"))


def seeds_of_two():
    kinds = (("13", 0), ("12", TLS12), ("tickets", TICKETS), ("alpn", ALPN), ("optional", OPTIONAL),
             ("inspected", INSPECTED | TLS12), ("stapled", STAPLE | NEED_STAPLE | TLS12), ("no-staple", NEED_STAPLE),
             ("not-asked", NOT_ASKED | TICKETS))
    for name, options in kinds:
        yield f"both-{name}", both(options)
        yield f"both-{name}-paced", both(options, pacing=bytes([1, 200, 3, 7, 77]))
        for sender, who in ((0, "client"), (FROM_SERVER, "server")):
            for position in (12, 120, 700):
                yield f"both-{name}-{who}-{position}", both(options, [edit(XOR, position, 0x41, sender)])
    for ends, whose in ((FOREIGN_CLIENT, "foreign-client"), (FOREIGN_SERVER, "foreign-server")):
        for name, options in (("12", TLS12), ("tickets", TLS12 | TICKETS), ("inspected", TLS12 | INSPECTED | OPTIONAL)):
            yield f"{whose}-{name}", both(options, pacing=bytes([90]), ends=ends)
            for sender in (0, FROM_SERVER):
                for position in (12, 300):
                    yield f"{whose}-{name}-{sender + position}", both(
                        options, [edit(XOR, position, 0x41, sender)], ends=ends)
    for operation, word in ((SET, "set"), (DELETE, "delete"), (INSERT, "insert"), (CUT, "cut")):
        for sender, who in ((0, "client"), (FROM_SERVER, "server")):
            yield f"both-{word}-{who}", both(TLS12, [edit(operation, 150, 0x16, sender)])


def main():
    if "--identity" in sys.argv:
        write_identity()
    os.makedirs(OUT, exist_ok=True)
    for name, content in (*seeds_alone(), *seeds_of_two()):
        with open(os.path.join(OUT, name), "wb") as file:
            file.write(content)


if __name__ == "__main__":
    main()
