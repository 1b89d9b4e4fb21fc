#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes tests/unit/crypto/oaep_vectors.h: keys, and what RSAES-OAEP of Debian's python3-cryptography made with them.

Every run gives other keys and other bytes, so the header is committed and not made by the build.
"""
import textwrap

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

PLAIN = bytes(range(32))
SHA256, SHA1, SHA384 = hashes.SHA256(), hashes.SHA1(), hashes.SHA384()


def oaep(digest, mgf_digest, label=None):
    return padding.OAEP(mgf=padding.MGF1(algorithm=mgf_digest), algorithm=digest, label=label)


RIGHT = oaep(SHA256, SHA256)


def flip(sealed, place):
    return sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1:]


def cases(key):
    """(opens, what it is, bytes)"""
    public = key.public_key()
    numbers = public.public_numbers()
    width = key.key_size // 8
    good = public.encrypt(PLAIN, RIGHT)
    yield True, "as due", good
    yield True, "as due, other seed", public.encrypt(PLAIN, RIGHT)
    yield False, "31 bytes of plaintext", public.encrypt(PLAIN[:31], RIGHT)
    yield False, "33 bytes of plaintext", public.encrypt(PLAIN + b"x", RIGHT)
    yield False, "no plaintext", public.encrypt(b"", RIGHT)
    yield False, "longest plaintext", public.encrypt(b"x" * (width - 66), RIGHT)
    yield False, "SHA-1 for both", public.encrypt(PLAIN, oaep(SHA1, SHA1))
    yield False, "SHA-256, MGF1 with SHA-1", public.encrypt(PLAIN, oaep(SHA256, SHA1))
    yield False, "SHA-384 for both", public.encrypt(PLAIN, oaep(SHA384, SHA384))
    yield False, "a label", public.encrypt(PLAIN, oaep(SHA256, SHA256, b"svms1 stanza"))
    yield False, "padding of PKCS #1 v1.5", public.encrypt(PLAIN, padding.PKCS1v15())
    yield False, "first byte changed", flip(good, 0)
    yield False, "byte in the middle changed", flip(good, width // 2)
    yield False, "last byte changed", flip(good, width - 1)
    yield False, "all zero", bytes(width)
    yield False, "one", bytes(width - 1) + b"\1"
    yield False, "n - 1", (numbers.n - 1).to_bytes(width, "big")
    yield False, "n", numbers.n.to_bytes(width, "big")
    yield False, "above n", b"\xff" * width
    other = rsa.generate_private_key(65537, key.key_size).public_key()
    yield False, "for another key", other.encrypt(PLAIN, RIGHT)
    yield False, "one byte short", good[:-1]
    yield False, "one byte more", good + b"\0"
    yield False, "a zero in front", b"\0" + good
    yield False, "nothing", b""


def quoted(text):
    return "\n".join('    "%s"' % line for line in textwrap.wrap(text, 84)) or '    ""'


print("/* SPDX-License-Identifier: Apache-2.0 */")
print("/* Made by tests/vectors/oaep_vectors.py. The plaintext of what opens is 00 01 ... 1f. */")
print("#ifndef SVMS_TEST_OAEP_VECTORS_H\n#define SVMS_TEST_OAEP_VECTORS_H\n")
print("#include <stdbool.h>\n")
print("typedef struct oaep_case {\n    int key;\n    bool opens;\n    const char *what;"
      "\n    const char *sealed;\n} oaep_case;\n")
keys = [rsa.generate_private_key(65537, size) for size in (2048, 3072, 4096)]
print("/* clang-format off */")
print("static const char *const oaep_keys[] = {")
for key in keys:
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                            serialization.NoEncryption()).decode()
    print("\n".join('    "%s\\n"' % line for line in pem.splitlines()) + ",")
print("};\n")
print("static const oaep_case oaep_cases[] = {")
for index, key in enumerate(keys):
    for opens, what, sealed in cases(key):
        print('    { %d, %s, "%s",\n%s },' % (index, str(opens).lower(), what, quoted(sealed.hex())))
print("};\n/* clang-format on */\n\n#endif")
