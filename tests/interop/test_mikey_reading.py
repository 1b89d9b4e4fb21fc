# SPDX-License-Identifier: Apache-2.0
"""MIKEY messages against a second reading of RFC 3830 (mikey_reading.py): what we write it reads, what it writes we
read, and both write the same bytes."""
import os
import random
import subprocess
import unittest

import mikey_reading

PEER = os.environ["SVMS_KEYING_PEER"]
ROUNDS = 300


def text_of(data):
    return data.hex() or "-"


def line_of(message):
    """What keying_peer wants to write, and shows when it reads."""
    kind, value = message["time"] or (None, 0)
    sources = ",".join(f"{policy}:{ssrc}:{roc}" for policy, ssrc, roc in message["sources"]) or "-"
    return " ".join(map(str, (
        message["form"], message["suite"], message["csb"], 0 if kind is None else kind + 1, value,
        text_of(message["rand"]), int(message["policy"]), text_of(message["key"]), text_of(message["salt"]),
        text_of(message["mki"]), sources)))


def any_message(rng):
    suite, (_, key, salt) = rng.choice(list(mikey_reading.SUITES.items()))
    form = rng.choice(["ONVIF", "JOINED"])
    kind = rng.choice([None, 0, 1, 2])
    number = rng.choice([0, 1, 255])
    return {
        "form": form, "suite": suite, "csb": rng.getrandbits(32),
        "time": None if kind is None else (kind, rng.getrandbits(32 if kind == 2 else 64)),
        "rand": rng.choice([b"", rng.randbytes(16), rng.randbytes(rng.randint(16, 64))]),
        "policy": True, "key": rng.randbytes(key), "salt": rng.randbytes(salt),
        "mki": rng.randbytes(rng.choice([1, 4, 16])) if form == "ONVIF" else b"",
        "sources": [(number, rng.getrandbits(32), rng.getrandbits(32)) for _ in range(rng.randint(0, 8))],
    }


class Mikey(unittest.TestCase):
    def setUp(self):
        self.peer = subprocess.Popen([PEER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.stop)

    def stop(self):
        self.peer.stdin.close()
        self.assertEqual(self.peer.wait(timeout=60), 0)
        self.peer.stdout.close()

    def ask(self, line):
        self.peer.stdin.write(line + "\n")
        self.peer.stdin.flush()
        return self.peer.stdout.readline().strip()

    def test_both_write_the_same_and_read_each_other(self):
        rng = random.Random(3830)
        for _ in range(ROUNDS):
            message = any_message(rng)
            data = mikey_reading.write(message)
            self.assertEqual(self.ask("write " + line_of(message)), data.hex())
            self.assertEqual(self.ask("read " + data.hex()), line_of(message))
            self.assertEqual(mikey_reading.read(data), message)

    def test_what_stands_between_payloads_does_not_matter(self):
        rng = random.Random(3831)
        message = any_message(rng) | {"time": None, "rand": b"", "policy": True}
        data = mikey_reading.write(message)
        # An identity and an extension before the policy.
        front = 10 + 9 * len(message["sources"])
        extra = bytes([mikey_reading.EXTENSION, 0, 0, 3]) + b"cam" + bytes([mikey_reading.SP, 0, 0, 2]) + b"xy"
        changed = data[:2] + bytes([mikey_reading.ID]) + data[3:front] + extra + data[front:]
        self.assertEqual(self.ask("read " + changed.hex()), line_of(message))
        self.assertEqual(mikey_reading.read(changed), message)

    def test_every_damaged_message_is_judged_alike_by_length(self):
        message = any_message(random.Random(3832)) | {"sources": [(0, 1, 2)]}
        data = mikey_reading.write(message)
        for size in range(len(data)):
            self.assertTrue(self.ask("read " + (data[:size].hex() or "-")).startswith("error truncated"), size)
            with self.assertRaises(Exception):
                mikey_reading.read(data[:size])


if __name__ == "__main__":
    unittest.main(verbosity=2)
