#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes seeds for the harness of ledgers, out of the vectors of tests/vectors/ledger."""

import os
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
VECTORS = os.path.join(HERE, "..", "tests", "vectors")
sys.path[:0] = [VECTORS, os.path.join(VECTORS, "ledger")]

import ledger_ref as ref  # noqa: E402
import make_ledger_vectors as vectors  # noqa: E402

OUT = os.path.join(HERE, "corpus", "ledger")


def seeds():
    for name, data in vectors.cases():
        if not name.endswith("zeros"):
            yield f"file-{name}", b"\0" + data
    first = ref.pack_statement(vectors.lock(), bytes(32), 0)
    second = ref.pack_statement(vectors.unlock(), bytes(32), 1)
    erase = ref.pack_statement(vectors.lock(kind=ref.ERASE), bytes(32), 2)
    for name, statement in (("lock", first), ("unlock", second), ("erase", erase)):
        yield f"statement-{name}", b"\1" + statement
    packed = [struct.pack(">H", len(one)) + one for one in (first, second, erase)]
    yield "signed-one", b"\2" + packed[0]
    yield "signed-three", b"\2" + b"".join(packed)


def main():
    os.makedirs(OUT, exist_ok=True)
    for name, data in seeds():
        with open(os.path.join(OUT, name), "wb") as file:
            file.write(data)


if __name__ == "__main__":
    main()
