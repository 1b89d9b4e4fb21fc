# SPDX-License-Identifier: Apache-2.0
"""Writes export files, right ones and wrong ones: every part can be given other than it should be. The same input gives
the same bytes: the salt of PSS comes from what is signed, the nonce of ECDSA from RFC 6979."""

import hashlib
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.serialization import Encoding

from onvifref import HASHES, SECONDS_1601, SECONDS_1904, Algorithm, boxes, make_box, parse, view
from svmsref import primitives, signing

MEDIA = b"what the camera saw " * 8


def track(number):
    return make_box(b"trak", make_box(b"tkhd", bytes(12) + number.to_bytes(4, "big") + bytes(68)), make_box(b"mdia"))


def movie_with_offsets(pushed_by):
    """A chunk of track 1 lies at the beginning of mdat, which something of so many bytes is to stand before."""
    def moov(offset):
        stco = make_box(b"stco", bytes(4), (1).to_bytes(4, "big"), offset.to_bytes(4, "big"))
        inner = make_box(b"mdia", make_box(b"minf", make_box(b"stbl", stco)))
        tkhd = make_box(b"tkhd", bytes(12) + (1).to_bytes(4, "big") + bytes(68))
        return make_box(b"moov", make_box(b"mvhd", bytes(20)), make_box(b"trak", tkhd, inner))

    ftyp = make_box(b"ftyp", b"isom\0\0\0\0isom")
    offset = len(ftyp) + len(moov(0)) + pushed_by + 8
    return ftyp + moov(offset) + make_box(b"mdat", MEDIA)


def movie_that_refers(*entries):
    """Its only track has these data references."""
    dref = make_box(b"dref", bytes(4), len(entries).to_bytes(4, "big"), *entries)
    media = make_box(b"mdia", make_box(b"minf", make_box(b"dinf", dref)))
    tkhd = make_box(b"tkhd", bytes(12) + (1).to_bytes(4, "big") + bytes(68))
    moov = make_box(b"moov", make_box(b"mvhd", bytes(20)), make_box(b"trak", tkhd, media))
    return make_box(b"ftyp", b"isom\0\0\0\0isom") + moov + make_box(b"mdat", MEDIA)


def numbers(*given, size=4):
    return b"".join(one.to_bytes(size, "big", signed=one < 0) for one in given)


def _track_with(*tables):
    media = make_box(b"mdia", make_box(b"minf", make_box(b"stbl", *tables)))
    return make_box(b"trak", make_box(b"tkhd", bytes(12) + numbers(1) + bytes(68)), media)


def movie_of_chunks(offsets, runs, sizes, wide=False, compact=0):
    """Offsets count from the first byte of media; behind the media a box free has as many bytes. runs are (first chunk,
    samples); sizes is a list, or (number, size of each)."""
    def moov(media):
        stsc = make_box(b"stsc", numbers(0, len(runs)), *[numbers(*one, 1) for one in runs])
        if compact:
            sized = make_box(b"stz2", numbers(0, compact, len(sizes)), numbers(*sizes, size=max(compact // 8, 1)))
        elif isinstance(sizes, tuple):
            sized = make_box(b"stsz", numbers(0, sizes[1], sizes[0]))
        else:
            sized = make_box(b"stsz", numbers(0, 0, len(sizes), *sizes))
        places = numbers(*[media + one for one in offsets], size=8 if wide else 4)
        stco = make_box(b"co64" if wide else b"stco", numbers(0, len(offsets)), places)
        return make_box(b"moov", make_box(b"mvhd", bytes(20)), _track_with(stsc, sized, stco))

    ftyp = make_box(b"ftyp", b"isom\0\0\0\0isom")
    media = len(ftyp) + len(moov(0)) + 8
    return ftyp + moov(media) + make_box(b"mdat", MEDIA) + make_box(b"free", MEDIA)


def trex(track=1, size=0):
    return make_box(b"trex", numbers(0, track, 1, 0, size, 0))


def tfhd(base=None, flags=0, size=None, track=1):
    flags |= (base is not None) | (size is not None) << 4
    return make_box(b"tfhd", numbers(flags, track), numbers(*[base] * (base is not None), size=8),
                    numbers(*[size] * (size is not None)))  # fmt: skip


def trun(sizes, offset=None, count=None):
    """sizes None: those that are said elsewhere, for so many samples."""
    flags = (offset is not None) | (sizes is not None) << 9
    given = [len(sizes) if count is None else count, *[offset] * (offset is not None), *(sizes or ())]
    return make_box(b"trun", numbers(flags), numbers(*given))


def sidx(first, *sizes, wide=False, count=None):
    places = numbers(0, first, size=8 if wide else 4)
    references = [numbers(1 << 31 | one if number % 2 else one, 0, 0) for number, one in enumerate(sizes)]
    count = len(sizes) if count is None else count
    return make_box(b"sidx", numbers(wide << 24, 1, 1000), places, numbers(0, count, size=2), *references)


def tfra(*places, wide=False, sizes=0, count=None):
    """sizes: of numbers behind a place, as the box says them."""
    rest = bytes(3 + (sizes >> 4 & 3) + (sizes >> 2 & 3) + (sizes & 3))
    entries = [numbers(0, one, size=8 if wide else 4) + rest for one in places]
    return make_box(b"tfra", numbers(wide << 24, 1, sizes, len(places) if count is None else count), *entries)


def movie_of_fragments(trafs, defaults=()):
    """trafs(moof, media) gives lists of boxes of track fragments; the latter counts from the beginning of moof. A box
    free with as many bytes lies behind the media."""
    mvex = make_box(b"mvex", *defaults)
    moov = make_box(b"moov", make_box(b"mvhd", bytes(20)), _track_with(), mvex)
    ftyp = make_box(b"ftyp", b"isom\0\0\0\0isom")

    def moof(media):
        inner = [make_box(b"traf", *one) for one in trafs(len(ftyp) + len(moov), media)]
        return make_box(b"moof", make_box(b"mfhd", numbers(0, 1)), *inner)

    return ftyp + moov + moof(len(moof(0)) + 8) + make_box(b"mdat", MEDIA) + make_box(b"free", MEDIA)


def movie(wide=False, fragments=0, tracks=(1, 2)):
    """A small MP4 file that nobody can play; what matters here is there."""
    parts = [make_box(b"ftyp", b"isom\0\0\0\0isom"),
             make_box(b"moov", make_box(b"mvhd", bytes(20)), *[track(one) for one in tracks])]  # fmt: skip
    if not fragments:
        return b"".join([*parts, make_box(b"mdat", MEDIA, wide=wide)])
    for number in range(fragments):
        parts += [make_box(b"moof", make_box(b"mfhd", numbers(0, number + 1))), make_box(b"mdat", MEDIA + bytes([number]), wide=wide)]
    return b"".join([*parts, make_box(b"mfra", make_box(b"mfro", bytes(4) + (24).to_bytes(4, "big")))])


@dataclass
class Signer:
    key: object
    certificate: object
    algorithm: Algorithm = None  # None: what belongs to the key
    configuration: bytes = None  # None: what belongs to the algorithm; b"": none

    def __post_init__(self):
        if self.algorithm is None:
            self.algorithm = Algorithm()
            if isinstance(self.key, ec.EllipticCurvePrivateKey):
                self.algorithm = Algorithm("ecdsa", "sha256" if self.key.key_size == 256 else "sha384")
        if self.configuration is None:
            self.configuration = sigc(self.algorithm)


def element(tag, *parts):
    content = b"".join(parts)
    assert len(content) < 128
    return bytes([tag, len(content)]) + content


def _oid(text):
    return element(6, bytes.fromhex(text))


def hash_identifier(digest, null=True):
    number = {"sha256": "1", "sha384": "2", "sha512": "3"}.get(digest)
    oid = _oid("60864801650304020" + number) if number else _oid("2b0e03021a")
    return element(0x30, oid, element(5) if null else b"")


def pss_parameters(algorithm):
    mask = element(0x30, _oid("2a864886f70d010108"), hash_identifier(algorithm.mask))
    return element(0x30, element(0xA0, hash_identifier(algorithm.digest)), element(0xA1, mask),
                   element(0xA2, element(2, bytes([algorithm.salt]))))  # fmt: skip


def sigc(algorithm):
    """The AlgorithmIdentifier; nothing for the default."""
    if algorithm == Algorithm():
        return b""
    index = ("sha256", "sha384", "sha512").index(algorithm.digest)
    if algorithm.family == "pss":
        return element(0x30, _oid("2a864886f70d01010a"), pss_parameters(algorithm))
    if algorithm.family == "pkcs1":
        return element(0x30, _oid("2a864886f70d01010" + "bcd"[index]), element(5))
    return element(0x30, _oid("2a8648ce3d04030" + "234"[index]))


def _mgf1(seed, size, digest):
    made = b""
    for counter in range(size // hashlib.new(digest).digest_size + 1):
        made += hashlib.new(digest, seed + counter.to_bytes(4, "big")).digest()
    return made[:size]


def _sign_pss(key, message, algorithm):
    """EMSA-PSS-ENCODE of RFC 8017 section 9.1.1 with a salt made from the message, and RSASP1."""
    bits = key.key_size - 1
    size = (bits + 7) // 8
    digest = hashlib.new(algorithm.digest, message).digest()
    salt = hashlib.sha512(b"salt" + digest).digest()[: algorithm.salt]
    inner = hashlib.new(algorithm.digest, bytes(8) + digest + salt).digest()
    block = b"\1" + salt
    block = bytes(size - len(block) - len(inner) - 1) + block
    masked = bytearray(a ^ b for a, b in zip(block, _mgf1(inner, len(block), algorithm.mask)))
    masked[0] &= 0xFF >> (8 * size - bits)
    encoded = int.from_bytes(bytes(masked) + inner + b"\xbc", "big")
    numbers = key.private_numbers()
    return pow(encoded, numbers.d, numbers.public_numbers.n).to_bytes((key.key_size + 7) // 8, "big")


def _ecdsa_nonce_signature(key, message, digest):
    """Deterministic where the second implementation of containers has the scheme; else by a nonce out of the message."""
    usual = "sha256" if key.key_size == 256 else "sha384"
    if digest == usual:
        raw = signing.sign(key, message, primitives.SeededRandom("unused"))
        half = len(raw) // 2
        return int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big")
    order = _order(key)
    hashed = hashlib.new(digest, message).digest()
    secret = key.private_numbers().private_value
    nonce = int.from_bytes(hashlib.sha256(secret.to_bytes(32, "big") + hashed).digest(), "big") % order
    r = ec.derive_private_key(nonce, key.curve).public_key().public_numbers().x % order
    value = int.from_bytes(hashed[:32], "big")
    return r, pow(nonce, -1, order) * (value + r * secret) % order


def _order(key):
    return {256: 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
            384: int("f" * 48 + "c7634d81f4372ddf581a0db248b0a77aecec196accc52973", 16)}[key.key_size]  # fmt: skip


def sign(signer, message, size):
    """Of the two values that ECDSA allows, the one that has this size, if one has."""
    if isinstance(signer.key, rsa.RSAPrivateKey):
        if signer.algorithm.family == "pkcs1":
            return signer.key.sign(message, padding.PKCS1v15(), HASHES[signer.algorithm.digest]())
        return _sign_pss(signer.key, message, signer.algorithm)
    if isinstance(signer.key, ec.EllipticCurvePrivateKey):
        r, s = _ecdsa_nonce_signature(signer.key, message, signer.algorithm.digest)
        made = [utils.encode_dss_signature(r, one) for one in (s, _order(signer.key) - s)]
        return next((one for one in made if len(one) == size), made[0])
    return signer.key.sign(message)


@dataclass
class Plan:
    """What is written around a signature; the defaults are right."""

    scheme: bytes = b"oeff"
    version: bytes = b"\0\1\0\0"
    note: bytes = None
    starts: tuple = ()  # (track, UTC in nanoseconds)
    starts_in: str = "sinf"
    extra: bytes = b""  # more boxes in schi
    certificate: bytes = None
    twice: tuple = ()  # boxes of schi that are written twice
    without: tuple = ()
    with_suep: bool = True
    with_hdlr: bool = True
    suep_version: int = 1
    count: int = 1
    wide_meta: bool = False
    in_front: bytes = b""  # type of the box that meta stands before
    before: bytes = b""  # more boxes in meta, in front of ipro
    behind: bytes = b""  # more boxes in ipro, behind sinf
    exported: int = 1_790_000_000
    tracks: tuple = field(default=((1, "camera"), (2, "microphone")))
    cover: object = None  # what is signed, if not what should be: function of the right bytes


def make_starts(starts):
    if not starts:
        return b""
    parts = [one.to_bytes(4, "big") + ((utc // 100) + SECONDS_1601 * 10**7).to_bytes(8, "big") for one, utc in starts]
    return make_box(b"cstb", len(starts).to_bytes(4, "big"), *parts)


def make_sinf(signer, plan, size):
    starts = make_starts(plan.starts)
    certificate = plan.certificate or signer.certificate.public_bytes(Encoding.DER)
    schi = [(b"sibo", make_box(b"sibo", bytes(size))), (b"cert", make_box(b"cert", certificate)),
            (b"sigC", make_box(b"sigC", signer.configuration) if signer.configuration else b""),
            (b"auib", make_box(b"auib", plan.note) if plan.note is not None else b"")]  # fmt: skip
    content = b"".join(box * (2 if name in plan.twice else 0 if name in plan.without else 1) for name, box in schi)
    content += plan.extra + (starts if plan.starts_in == "schi" else b"")
    schm = make_box(b"schm", bytes(4), plan.scheme, plan.version)
    return make_box(b"sinf", starts if plan.starts_in == "sinf" else b"", schm, make_box(b"schi", content))


def make_suep(plan):
    text = b"unit\0https://unit.example/\x0000-00-5E-00-53-01\0" + (plan.exported + SECONDS_1904).to_bytes(8, "big")
    text += b"operator\0" + len(plan.tracks).to_bytes(4, "big")
    for number, name in plan.tracks:
        text += number.to_bytes(2, "big") + name.encode() + b"\0\0\0\0"
    return make_box(b"suep", bytes([plan.suep_version, 0, 0, 0]), text)


def make_meta(signer, plan, size):
    parts = [bytes(4)]
    if plan.with_hdlr:
        parts.append(make_box(b"hdlr", bytes(8), b"null", bytes(12), b"\0"))
    if plan.with_suep:
        parts.append(make_suep(plan))
    if plan.starts_in == "meta":
        parts.append(make_starts(plan.starts))
    ipro = make_box(b"ipro", bytes(4), plan.count.to_bytes(2, "big"), make_sinf(signer, plan, size), plan.behind)
    return make_box(b"meta", *parts, plan.before, ipro, wide=plan.wide_meta)


def _finish(build, number, signer, plan):
    """Signs what build(size) makes; the size of an ECDSA signature is found by trying."""
    size = 71
    if isinstance(signer.key, rsa.RSAPrivateKey):
        size = signer.key.key_size // 8
    tried = []
    while size is not None:
        tried.append(size)
        data = build(size)
        found = parse(data)
        covered = view(found, number) if b"sibo" not in plan.without else data
        if plan.cover:
            covered = plan.cover(covered)
        signature = sign(signer, covered, size)
        if len(signature) == size or b"sibo" in plan.without:
            break
        size = next((one for one in (len(signature), 70, 71, 72, 69) if one not in tried), None)
    else:
        raise ValueError("no size fits")
    if b"sibo" in plan.without:
        return data
    sibo = found.sinfs[number].parts[b"sibo"]
    return data[: sibo.payload] + signature + data[sibo.end :]


def seal(data, signer, plan=None):
    plan = plan or Plan()
    top = boxes(data, 0, len(data), top=True)
    place = top[-1].start if top[-1].type == b"mfra" else len(data)
    if plan.in_front:
        place = next(one.start for one in top if one.type == plan.in_front)

    def build(size):
        return data[:place] + make_meta(signer, plan, size) + data[place:]

    return _finish(build, 0, signer, plan)


def countersign(data, signer, plan=None):
    """Appends to the ipro of the last signature, wherever its meta is."""
    plan = plan or Plan()
    found = parse(data)
    meta, ipro = found.metas[found.sinfs[-1].meta]

    def build(size):
        sinf = make_sinf(signer, plan, size)
        made = data[: ipro.end] + sinf + data[ipro.end :]
        for box in (ipro, meta):
            at, width = (box.start + 8, 8) if box.header == 16 else (box.start, 4)
            made = made[:at] + (box.size + len(sinf)).to_bytes(width, "big") + made[at + width :]
        return made

    return _finish(build, len(found.sinfs), signer, plan)


def second_meta(data, signer, plan=None, at=None):
    """As a tool does that overlooks its own meta: begins another one at the end, or somewhere else."""
    plan = plan or Plan(with_suep=False)
    number = len(parse(data).sinfs)
    at = len(data) if at is None else at
    return _finish(lambda size: data[:at] + make_meta(signer, plan, size) + data[at:], number, signer, plan)
