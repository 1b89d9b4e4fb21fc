# SPDX-License-Identifier: Apache-2.0
"""What the tests of SRTP share: srtp_peer as a function from packets to packets, and packets to send."""
import base64
import os
import random
import struct
import subprocess

SSRC = 0x5EED0001
SUITES = {  # key, salt
    "AEAD_AES_256_GCM": (32, 12),
    "AEAD_AES_128_GCM": (16, 12),
    "AES_CM_128_HMAC_SHA1_80": (16, 14),
}


class Refused(Exception):
    """What was said of a packet that is not taken."""


class Peer:
    """One direction of our SRTP."""

    def __init__(self, direction, suite, secret, mki=b"", ssrc=SSRC):
        size = SUITES[suite][0]
        self.process = subprocess.Popen(
            [os.environ["SVMS_SRTP_PEER"], direction, suite, secret[:size].hex(), secret[size:].hex(),
             mki.hex() or "-", str(ssrc)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __call__(self, packet, kind=b"D"):
        self.process.stdin.write(kind + struct.pack(">H", len(packet)) + packet)
        self.process.stdin.flush()
        answer, size = struct.unpack(">cH", self.process.stdout.read(3))
        data = self.process.stdout.read(size)
        if answer == b"E":
            raise Refused(data.decode())
        return data

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        return self.process.wait(timeout=60)


def any_secret(rng, suite):
    return rng.randbytes(sum(SUITES[suite]))


def crypto_line(tag, suite, secret):
    """RFC 4568."""
    return f"a=crypto:{tag} {suite} inline:{base64.b64encode(secret).decode()}\r\n"


def rtp_packets(count, kind=96, size=1200, ssrc=SSRC, seed=1, first=65000):
    """Packets that run over the end of the sequence numbers, with a text that nobody may find."""
    rng = random.Random(seed)
    for i in range(count):
        header = struct.pack(">BBHII", 0x80, (i % 2) << 7 | kind, (first + i) & 0xFFFF, 3000 * i, ssrc)
        yield header + b"PLAINTEXT" + rng.randbytes(size - 21)


def sender_report(ssrc=SSRC, name=b"camera@plain"):
    report = struct.pack(">BBHIQIII", 0x80, 200, 6, ssrc, 0xEEAD3BA080000000, 3000, 1, 1200)
    items = struct.pack(">IBB", ssrc, 1, len(name)) + name
    items += bytes(4 - len(items) % 4)
    return report + struct.pack(">BBH", 0x81, 202, len(items) // 4) + items
