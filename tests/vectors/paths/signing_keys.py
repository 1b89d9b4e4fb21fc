# SPDX-License-Identifier: Apache-2.0
"""Keys made from their names, and signatures that are the same every time: slow, not constant in
time, for test vectors alone."""

import functools
import hashlib
import math

import der_bytes as der

# name: prime, a, b, base point, order, object identifier, bytes of a coordinate
CURVES = {
    "P-192": (
        0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFFFFFFFFFFFF, -3,
        0x64210519E59C80E70FA7E9AB72243049FEB8DEECC146B9B1,
        (0x188DA80EB03090F67CBF20EB43A18800F4FF0AFD82FF1012,
         0x07192B95FFC8DA78631011ED6B24CDD573F977A11E794811),
        0xFFFFFFFFFFFFFFFFFFFFFFFF99DEF836146BC9B1B4D22831, "1.2.840.10045.3.1.1", 24),
    "P-256": (
        0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF, -3,
        0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
        (0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
         0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5),
        0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
        "1.2.840.10045.3.1.7", 32),
}
EC_ALGORITHMS = {"sha1": "1.2.840.10045.4.1", "sha224": "1.2.840.10045.4.3.1",
                 "sha256": "1.2.840.10045.4.3.2", "sha384": "1.2.840.10045.4.3.3"}
RSA_ALGORITHMS = {"md5": "1.2.840.113549.1.1.4", "sha1": "1.2.840.113549.1.1.5",
                  "sha256": "1.2.840.113549.1.1.11"}
DIGESTS = {"md5": "1.2.840.113549.2.5", "sha1": "1.3.14.3.2.26", "sha256": "2.16.840.1.101.3.4.2.1"}


def stream(seed, size):
    """Bytes that depend on the seed alone."""
    out = b""
    while len(out) < size:
        out += hashlib.sha256(f"{seed}/{len(out)}".encode()).digest()
    return out[:size]


def number(seed, bit_count):
    return int.from_bytes(stream(seed, (bit_count + 7) // 8), "big") >> (-bit_count % 8)


# A candidate that shares a divisor with this is none; that is found out a thousand times faster than by powers.
SMALL_DIVISORS = math.prod(one for one in range(3, 3000, 2) if all(one % other for other in range(3, math.isqrt(one) + 1, 2)))


def is_prime(value):
    """Of odd numbers above 3000."""
    if math.gcd(value, SMALL_DIVISORS) != 1:
        return False
    odd, twos = value - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for base in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37):
        power = pow(base, odd, value)
        if power in (1, value - 1):
            continue
        for _ in range(twos - 1):
            power = power * power % value
            if power == value - 1:
                break
        else:
            return False
    return True


def prime(seed, bit_count):
    value = number(seed, bit_count) | 3 << (bit_count - 2) | 1
    while not is_prime(value):
        value += 2
    return value


def add(curve, one, other):
    p, a = CURVES[curve][:2]
    if one is None or other is None:
        return one or other
    if one[0] == other[0] and (one[1] + other[1]) % p == 0:
        return None
    if one == other:
        slope = (3 * one[0] ** 2 + a) * pow(2 * one[1], -1, p)
    else:
        slope = (other[1] - one[1]) * pow(other[0] - one[0], -1, p)
    x = (slope * slope - one[0] - other[0]) % p
    return x, (slope * (one[0] - x) - one[1]) % p


@functools.cache
def multiples(curve):
    """For each four bits of a factor, from the lowest: what each of their values makes of the base point."""
    rows = []
    point = CURVES[curve][3]
    for _ in range(CURVES[curve][6] * 2):
        row = [None]
        for _ in range(16):
            row.append(add(curve, row[-1], point))
        rows.append(row[:16])
        point = row[16]
    return rows


def times_base(curve, factor):
    out = None
    for row in multiples(curve):
        out = add(curve, out, row[factor & 15])
        factor >>= 4
    return out


class EllipticKey:
    kind = "EC"

    def __init__(self, name, curve="P-256"):
        self.name = curve
        self.curve = CURVES[curve]
        self.secret = 1 + number(f"ec/{curve}/{name}", self.curve[6] * 8) % (self.curve[4] - 1)
        self.point = times_base(curve, self.secret)

    def key_bits(self):
        size = self.curve[6]
        return b"\x04" + self.point[0].to_bytes(size, "big") + self.point[1].to_bytes(size, "big")

    def public(self):
        return der.seq(der.seq(der.oid("1.2.840.10045.2.1"), der.oid(self.curve[5])),
                       der.bits(self.key_bits()))

    def algorithm(self, digest):
        return der.seq(der.oid(EC_ALGORITHMS[digest]))

    def sign(self, data, digest):
        order = self.curve[4]
        hashed = hashlib.new(digest, data).digest()
        shift = max(0, len(hashed) * 8 - order.bit_length())
        value = int.from_bytes(hashed, "big") >> shift
        nonce = 1 + number(f"nonce/{self.secret}/{hashed.hex()}", order.bit_length() + 64) % (order - 1)
        r = times_base(self.name, nonce)[0] % order
        s = (value + r * self.secret) * pow(nonce, -1, order) % order
        return der.seq(der.integer(r), der.integer(min(s, order - s)))


class RsaKey:
    kind = "RSA"

    def __init__(self, name, bit_count=2048):
        p = prime(f"rsa/{bit_count}/{name}/p", bit_count // 2)
        q = prime(f"rsa/{bit_count}/{name}/q", bit_count // 2)
        self.modulus = p * q
        self.exponent = pow(65537, -1, (p - 1) * (q - 1))
        self.size = bit_count // 8

    def key_bits(self):
        return der.seq(der.integer(self.modulus), der.integer(65537))

    def public(self):
        return der.seq(der.seq(der.oid("1.2.840.113549.1.1.1"), der.null()),
                       der.bits(self.key_bits()))

    def algorithm(self, digest):
        return der.seq(der.oid(RSA_ALGORITHMS[digest]), der.null())

    def sign(self, data, digest):
        info = der.seq(der.seq(der.oid(DIGESTS[digest]), der.null()),
                       der.octets(hashlib.new(digest, data).digest()))
        padded = b"\x00\x01" + b"\xff" * (self.size - 3 - len(info)) + b"\x00" + info
        value = pow(int.from_bytes(padded, "big"), self.exponent, self.modulus)
        return value.to_bytes(self.size, "big")


class DsaKey:
    """1024-bit p, 160-bit q: what nobody should use."""
    kind = "DSA"

    def __init__(self, name):
        self.q = prime(f"dsa/{name}/q", 160)
        factor = (number(f"dsa/{name}/p", 864) | 3 << 862) & ~1
        while not is_prime(factor * self.q + 1):
            factor += 2
        self.p = factor * self.q + 1
        self.g = pow(2, factor, self.p)
        self.secret = 1 + number(f"dsa/{name}/x", 160) % (self.q - 1)
        self.value = pow(self.g, self.secret, self.p)

    def key_bits(self):
        return der.integer(self.value)

    def public(self):
        parameters = der.seq(der.integer(self.p), der.integer(self.q), der.integer(self.g))
        return der.seq(der.seq(der.oid("1.2.840.10040.4.1"), parameters), der.bits(self.key_bits()))

    def algorithm(self, digest):
        assert digest == "sha256"
        return der.seq(der.oid("2.16.840.1.101.3.4.3.2"))

    def sign(self, data, digest):
        hashed = hashlib.new(digest, data).digest()
        value = int.from_bytes(hashed[:20], "big")
        nonce = 1 + number(f"nonce/{self.secret}/{hashed.hex()}", 224) % (self.q - 1)
        r = pow(self.g, nonce, self.p) % self.q
        s = pow(nonce, -1, self.q) * (value + self.secret * r) % self.q
        return der.seq(der.integer(r), der.integer(s))
