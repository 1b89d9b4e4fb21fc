# SPDX-License-Identifier: Apache-2.0
"""Finding a path, keys and digests, and the bytes of a certificate themselves."""

from case_table import ISSUING, RECORDER, ROOT, case
from certificates import (authority, authority_id, certify, constraints, key_usage, leaf, name, subject_id,
                          usage)
from signing_keys import DsaKey, EllipticKey, RsaKey
import der_bytes as der

NO_WAY_BACK = "OpenSSL takes the first issuer that fits and does not come back."


def paths():
    case("without-intermediate", "the intermediate is missing", [RECORDER], "unknown_issuer")
    case("with-root", "the anchor comes along", [RECORDER, ISSUING, ROOT])
    case("intermediates-mixed", "in any order", [RECORDER, ROOT, ISSUING])
    stranger = authority("stranger", ROOT)
    case("with-stranger", "a certificate that has nothing to do with it", [RECORDER, stranger, ISSUING])
    case("anchored-at-intermediate", "the intermediate is the anchor", [RECORDER], anchors=[ISSUING])
    case("anchored-at-leaf", "the leaf itself is an anchor", [RECORDER], anchors=[RECORDER])
    case("anchored-elsewhere", "another root", [RECORDER, ISSUING], "unknown_issuer",
         anchors=[authority("other-root")])
    alone = leaf("self-signed", None, signing_key=EllipticKey("self-signed"), key=EllipticKey("self-signed"))
    case("self-signed", "a leaf that signed itself", [alone], "unknown_issuer")
    case("self-signed-anchor", "given as an anchor", [alone], anchors=[alone])
    case("own-root-sent", "a chain with its own, unknown root",
         [RECORDER, ISSUING, ROOT], "unknown_issuer", anchors=[authority("another-root")])
    case("no-anchor", "nobody is trusted", [RECORDER, ISSUING], "no_anchor", anchors=[])


def pins():
    case("pinned", "the leaf is pinned", [RECORDER], anchors=[], pins=[RECORDER], openssl="refuses",
         differs="openssl verify knows no pins.")
    case("pinned-other", "another leaf is pinned", [RECORDER, ISSUING], "no_anchor", anchors=[],
         pins=[leaf("other-pinned", ISSUING)])
    case("pinned-issuer", "a pin is no anchor", [RECORDER, ISSUING], "no_anchor", anchors=[], pins=[ISSUING])
    old = leaf("pinned-expired", ISSUING, until="2026-06-01T00:00:00Z")
    case("pinned-expired", "its period still counts", [old], "expired_then", anchors=[], pins=[old])
    case("pinned-role", "its role still counts", [RECORDER], "wrong_role", anchors=[], pins=[RECORDER],
         role="exporter", openssl="refuses", differs="")
    weak = leaf("pinned-weak", ISSUING, key=RsaKey("pinned-weak", 1024))
    case("pinned-weak-key", "its key still counts", [weak], read="unsupported", anchors=[], pins=[weak])
    gone = authority("pinned-below-expired-ca", ROOT, until="2026-06-01T00:00:00Z")
    below = leaf("pinned-below-expired", gone)
    case("pinned-below-expired", "a pin needs no path", [below, gone], pins=[below],
         openssl="refuses", differs="openssl verify knows no pins.")


def several_issuers():
    key = EllipticKey("crossed")
    subject = name(("CN", "crossed"))
    other = authority("second-root")
    first = authority("crossed-by-first", ROOT, key=key, subject=subject)
    second = authority("crossed-by-second", other, key=key, subject=subject)
    below = leaf("leaf-crossed", first)
    case("crossed-first", "cross-signed: the one that leads to the anchor", [below, first])
    case("crossed-both", "both ways known, one trusted", [below, first, second])
    case("crossed-both-other", "the same, in the other order", [below, second, first],
         openssl="refuses", differs=NO_WAY_BACK)
    case("crossed-second-anchor", "the other anchor", [below, first, second], anchors=[other],
         openssl="refuses", differs=NO_WAY_BACK)
    case("crossed-wrong", "only the way that leads elsewhere", [below, second], "unknown_issuer")
    old = authority("renewed-old", ROOT, key=EllipticKey("renewed"), subject=name(("CN", "renewed")),
                    until="2027-01-01T00:00:00Z")
    new = authority("renewed-new", ROOT, key=EllipticKey("renewed"), subject=name(("CN", "renewed")),
                    since="2026-12-01T00:00:00Z")
    user = leaf("leaf-renewed", new)
    case("renewed-new", "a renewed CA", [user, old, new])
    case("renewed-only-old", "the old one has expired", [user, old], "expired_then")
    case("renewed-before", "at the time of the old one", [user, old, new], since="2026-03-01T00:00:00Z")
    twin = authority("twin-a", ROOT, subject=name(("CN", "twin")))
    impostor = authority("twin-b", ROOT, subject=name(("CN", "twin")))
    case("same-name-other-key", "two CAs of one name: the key identifier tells which",
         [leaf("leaf-twin", twin), impostor, twin])
    case("same-name-wrong-key", "only the one that did not issue it", [leaf("leaf-twin-2", twin), impostor],
         "unknown_issuer")
    false_root = authority("false-root", subject=ROOT.subject)
    case("impostor-of-root", "a root of the same name with another key",
         [leaf("leaf-impostor", false_root), false_root], "unknown_issuer")
    case("impostor-among-anchors", "both roots of one name are anchors", [RECORDER, ISSUING],
         anchors=[false_root, ROOT])
    a, b = EllipticKey("loop-a"), EllipticKey("loop-b")
    one = authority("loop-a", key=a, signing_key=b, subject=name(("CN", "loop a")), issuer_name=name(("CN", "loop b")))
    two = authority("loop-b", key=b, signing_key=a, subject=name(("CN", "loop b")), issuer_name=name(("CN", "loop a")))
    case("loop", "two CAs that issued each other", [leaf("leaf-loop", one), one, two], "unknown_issuer")


def weak_keys():
    rows = [("rsa-1024", RsaKey("ca-1024", 1024)), ("p-192", EllipticKey("ca-p192", "P-192")), ("dsa-1024", DsaKey("ca-dsa"))]
    for label, key in rows:
        issuer = authority(f"issuing-{label}", ROOT, key=key)
        case(f"ca-key-{label}", "an intermediate with a weak key", [leaf(f"leaf-below-{label}", issuer), issuer],
             "bad_chain")
    weak_root = authority("root-1024", key=RsaKey("root-1024", 1024))
    case("anchor-key-rsa-1024", "an anchor with a weak key", [leaf("leaf-below-root-1024", weak_root)],
         "bad_chain", anchors=[weak_root])
    case("leaf-key-rsa-1024", "a leaf with a weak key",
         [leaf("leaf-1024", ISSUING, key=RsaKey("leaf-1024", 1024)), ISSUING], read="unsupported")
    for label, key in (("p-192", EllipticKey("leaf-p192", "P-192")), ("dsa-1024", DsaKey("leaf-dsa"))):
        case(f"leaf-key-{label}", "a leaf's key of a kind that nobody signs with here",
             [leaf(f"leaf-key-{label}", ISSUING, key=key), ISSUING], read="unsupported")
    case("leaf-key-rsa-2048", "RSA of 2048 bits",
         [leaf("leaf-2048", ISSUING, key=RsaKey("leaf-2048")), ISSUING])
    broken = der.seq(der.seq(der.oid("1.2.840.10045.2.1"), der.oid("1.2.840.10045.3.1.7")),
                     der.bits(b"\x04" + b"\x01" * 64))
    case("leaf-key-off-curve", "a point that is not on the curve",
         [leaf("leaf-off-curve", ISSUING, public=broken), ISSUING], read="unsupported")


def digests():
    strong = authority("issuing-rsa", ROOT, key=RsaKey("issuing-rsa"))
    case("digest-sha256-rsa", "RSA with SHA-256", [leaf("leaf-rsa-sha256", strong), strong])
    for digest in ("sha1", "md5"):
        case(f"digest-{digest}-rsa", f"RSA with {digest}",
             [leaf(f"leaf-rsa-{digest}", strong, digest=digest), strong], "bad_chain")
    case("digest-sha1-ec", "ECDSA with SHA-1", [leaf("leaf-ec-sha1", ISSUING, digest="sha1"), ISSUING], "bad_chain")
    case("digest-sha384-ec", "ECDSA with SHA-384", [leaf("leaf-ec-sha384", ISSUING, digest="sha384"), ISSUING])
    issuer = authority("issuing-sha1", ROOT, digest="sha1")
    case("digest-sha1-in-ca", "an intermediate signed with SHA-1", [leaf("leaf-below-sha1", issuer), issuer],
         "bad_chain")
    top = authority("root-sha1", digest="sha1")
    case("digest-sha1-in-anchor", "an anchor's own signature proves nothing", [leaf("leaf-below-root-sha1", top)],
         anchors=[top])


def signatures():
    other = EllipticKey("somebody else")
    forged = leaf("leaf-forged", ISSUING)
    body = bytearray(forged.content)
    body[-1] ^= 1
    forged.content = bytes(body)
    case("signature-flipped", "a bit of the signature", [forged, ISSUING], "bad_chain")
    key = EllipticKey("leaf-stolen")
    stolen = certify("leaf-stolen", issuer=ISSUING, signing_key=other, key=key,
                     extensions=[constraints(False), key_usage(0), subject_id(key), authority_id(ISSUING.key),
                                 usage("recorder")])
    case("signature-by-another", "signed by another key", [stolen, ISSUING], "bad_chain")
    empty = leaf("leaf-unsigned", ISSUING, signature=der.seq(der.integer(0), der.integer(0)))
    case("signature-zero", "r = s = 0", [empty, ISSUING], "bad_chain")
    none = leaf("leaf-no-signature", ISSUING, signature=b"\x00")
    case("signature-garbage", "a signature that is none", [none, ISSUING], "bad_chain")
    key = EllipticKey("x")
    outside = leaf("leaf-mismatch", ISSUING, outer_algorithm=key.algorithm("sha384"))
    case("algorithm-mismatch", "another algorithm outside than inside", [outside, ISSUING], "bad_chain")
    unknown = der.seq(der.oid("1.3.6.1.4.1.99999.5"))
    strange = leaf("leaf-strange", ISSUING, outer_algorithm=unknown, inner_algorithm=unknown)
    case("algorithm-unknown", "an algorithm that nobody knows", [strange, ISSUING], "unknown_issuer")
    broken = authority("issuing-forged", ROOT, signing_key=other)
    case("signature-of-ca", "an intermediate that the root did not sign",
         [leaf("leaf-below-forged", broken), broken], "unknown_issuer")


def contents():
    rows = [("negative", -5, "trusted", "a negative serial number"), ("zero", 0, "trusted", "serial number 0"),
            ("long", (1 << 199) | 1, "trusted", "25 bytes, where 20 are allowed")]
    for label, serial, verdict, why in rows:
        case(f"serial-{label}", why, [leaf(f"leaf-serial-{label}", ISSUING, serial=serial), ISSUING], verdict)
    padded = leaf("leaf-serial-padded", ISSUING, serial=b"\x02\x02\x00\x01")
    case("serial-padded", "a serial number with a zero too many", [padded, ISSUING], read="malformed")
    trailing = leaf("leaf-trailing", ISSUING, trailing=b"\x00")
    case("trailing-bytes", "a byte behind the certificate", [trailing, ISSUING], read="malformed",
         openssl="accepts", differs="openssl verify reads what it needs and passes over the rest.")
    long_form = leaf("leaf-long-form", ISSUING)
    size = len(long_form.content) - 4
    long_form.content = b"\x30\x83" + size.to_bytes(3, "big") + long_form.content[4:]
    case("length-not-shortest", "a length in more bytes than it needs", [long_form, ISSUING], read="malformed",
         openssl="accepts", differs="OpenSSL takes BER.")
    case("version-2", "version 2 with extensions", [leaf("leaf-v2", ISSUING, version=2), ISSUING], "bad_chain")
    case("version-4", "a version that does not exist", [leaf("leaf-v4", ISSUING, version=4), ISSUING],
         "bad_chain", openssl="accepts", differs="OpenSSL takes any version above 3 for 3.")
    unique = leaf("leaf-unique", ISSUING, unique=der.tlv(0x81, b"\x00\x01"))
    case("unique-identifier", "an issuerUniqueID that nobody uses", [unique, ISSUING])


def add():
    paths()
    pins()
    several_issuers()
    weak_keys()
    digests()
    signatures()
    contents()
