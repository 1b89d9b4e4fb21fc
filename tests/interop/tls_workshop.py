# SPDX-License-Identifier: Apache-2.0
"""Certificates of every kind that TLS meets, good and bad, made by python3-cryptography in one folder."""

import datetime
import os
import warnings

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtensionOID, NameOID, ObjectIdentifier

HOST = "recorder.test"
# DER of the roles' arc below 2.25, which python3-cryptography cannot write: its numbers end at 64 bits.
ROLE_ARC = bytes.fromhex("6981c78df6e2f685ba9c8f80dbe980a6f8fee561")
PURPOSES = {"server": "06082b06010505070301", "client": "06082b06010505070302", "mail": "06082b06010505070304"}
DAY = datetime.timedelta(days=1)


def now():
    return datetime.datetime.utcnow().replace(microsecond=0)


def name_of(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def new_key(kind="P-256"):
    if kind.startswith("RSA-"):
        return rsa.generate_private_key(65537, int(kind[4:]))
    return {"P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
            "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
            "P-224": lambda: ec.generate_private_key(ec.SECP224R1()),
            "Ed25519": ed25519.Ed25519PrivateKey.generate}[kind]()


def usage_extension(purposes, roles):
    """An extended key usage: purposes of TLS and the like by name, roles by number."""
    content = b"".join(bytes.fromhex(PURPOSES[purpose]) for purpose in purposes)
    content += b"".join(b"\x06" + bytes([len(ROLE_ARC) + 1]) + ROLE_ARC + bytes([role]) for role in roles)
    return x509.UnrecognizedExtension(ExtensionOID.EXTENDED_KEY_USAGE, b"\x30" + bytes([len(content)]) + content)


def pem_of(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


def key_pem(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption())


class Authority:
    """A CA: its certificate and key, and what it issues and revokes."""

    def __init__(self, name, issuer=None, key="P-256", before=None, after=None):
        self.key = new_key(key)
        self.issuer = issuer
        self.revoked = {}
        builder = (x509.CertificateBuilder().subject_name(name_of(name))
                   .issuer_name(issuer.certificate.subject if issuer else name_of(name))
                   .serial_number(x509.random_serial_number()).public_key(self.key.public_key())
                   .not_valid_before(before or now() - 400 * DAY).not_valid_after(after or now() + 400 * DAY)
                   .add_extension(x509.BasicConstraints(True, None), critical=True)
                   .add_extension(self._usage("key_cert_sign", "crl_sign", "digital_signature"), critical=True)
                   .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False))
        signer = issuer.key if issuer else self.key
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        self.certificate = builder.sign(signer, hashes.SHA256())

    @staticmethod
    def _usage(*allowed):
        names = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
                 "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")
        return x509.KeyUsage(**{name: name in allowed for name in names})

    def above(self):
        """The intermediate certificates between a leaf and the anchor."""
        return pem_of(self.certificate) + self.issuer.above() if self.issuer else b""

    # Every keyword is one way in which a certificate can differ from a good one.
    def issue(self, subject, *, key, names=(HOST,), purposes=("server",), before=None, after=None,
              digest=None, padding=0, roles=()):
        builder = (x509.CertificateBuilder().subject_name(name_of(subject)).issuer_name(self.certificate.subject)
                   .serial_number(x509.random_serial_number()).public_key(key.public_key())
                   .not_valid_before(before or now() - DAY).not_valid_after(after or now() + 60 * DAY)
                   .add_extension(x509.BasicConstraints(False, None), critical=True)
                   .add_extension(self._usage("digital_signature"), critical=True)
                   .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
                   .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()),
                                  critical=False))
        if purposes or roles:
            builder = builder.add_extension(usage_extension(purposes, roles), critical=False)
        if names:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        if padding:
            builder = builder.add_extension(x509.UnrecognizedExtension(
                ObjectIdentifier("1.3.6.1.4.1.32473.1"), b"\x04\x83" + padding.to_bytes(3, "big") + bytes(padding)),
                critical=False)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a bad certificate is what may be wanted
            return builder.sign(self.key, digest or hashes.SHA256())

    def revoke(self, certificate, since=None):
        self.revoked[certificate.serial_number] = since or now() - DAY / 2

    def crl(self, this=None, following=None):
        builder = (x509.CertificateRevocationListBuilder().issuer_name(self.certificate.subject)
                   .last_update(this or now() - datetime.timedelta(hours=1))
                   .next_update(following or now() + 7 * DAY)
                   .add_extension(x509.CRLNumber(len(self.revoked) + 1), critical=False)
                   .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()),
                                  critical=False))
        for serial, since in self.revoked.items():
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(since).build())
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def ocsp(self, certificate, this=None, following=None, signer=None):
        """A response in DER, signed by the CA itself or by whoever is given."""
        since = self.revoked.get(certificate.serial_number)
        status = ocsp.OCSPCertStatus.REVOKED if since else ocsp.OCSPCertStatus.GOOD
        signer = signer or self
        response = ocsp.OCSPResponseBuilder().add_response(
            cert=certificate, issuer=self.certificate, algorithm=hashes.SHA1(), cert_status=status,
            this_update=this or now() - datetime.timedelta(hours=1), next_update=following or now() + DAY,
            revocation_time=since, revocation_reason=None,
        ).responder_id(ocsp.OCSPResponderEncoding.HASH, signer.certificate)
        return response.sign(signer.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


class Workshop:
    """Writes certificates into a folder: store(NAME, ...) makes NAME.pem (the chain), NAME.above (the chain
    without its leaf) and NAME.key."""

    def __init__(self, folder):
        self.folder = folder
        self.root = Authority("Workshop root")
        self.middle = Authority("Workshop issuing CA", issuer=self.root)
        self.stranger = Authority("Workshop root")  # the same name, another key
        self.certificates = {}
        self.write("root.pem", pem_of(self.root.certificate))
        self.write("stranger.pem", pem_of(self.stranger.certificate))

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, content):
        """Whoever reads the file meanwhile reads the old content or the new."""
        path = self.path(name)
        with open(path + ".new", "wb") as file:
            file.write(content)
        os.replace(path + ".new", path)
        return path

    def store(self, name, *, by=None, key="P-256", subject=None, **options):
        by = by or self.middle
        own_key = key if not isinstance(key, str) else new_key(key)
        certificate = by.issue(subject or name, key=own_key, **options)
        self.certificates[name] = certificate
        self.write(name + ".pem", pem_of(certificate) + by.above())
        self.write(name + ".above", by.above())
        self.write(name + ".key", key_pem(own_key))
        return certificate

    def store_self_signed(self, name, **options):
        lone = Authority(name)
        certificate = lone.issue(name, key=lone.key, **options)
        self.certificates[name] = certificate
        self.write(name + ".pem", pem_of(certificate))
        self.write(name + ".above", b"")
        self.write(name + ".key", key_pem(lone.key))

    def fill(self):
        """What the tests use; each name says what is wrong."""
        client = {"purposes": ("client",), "names": ()}
        self.store("server")
        self.store("server-rsa", key="RSA-3072")
        self.store("server-ed25519", key="Ed25519")
        self.store("server-role", roles=(16,))
        self.store("client", **client)
        self.store("client-rsa", key="RSA-3072", **client)
        self.store("client-user", roles=(18,), **client)
        for side, options in (("server", {}), ("client", client)):
            self.store(f"{side}-expired", before=now() - 30 * DAY, after=now() - DAY, **options)
            self.store(f"{side}-early", before=now() + DAY, after=now() + 30 * DAY, **options)
            self.store(f"{side}-stranger", by=self.stranger, **options)
            self.store(f"{side}-rsa1024", key="RSA-1024", **options)
            self.store(f"{side}-sha1", digest=hashes.SHA1(), key="RSA-2048", by=self.root, **options)
            self.store(f"{side}-huge", padding=90000, **options)
            self.store_self_signed(f"{side}-alone", **options)
            self.middle.revoke(self.store(f"{side}-revoked", **options))
        self.store("server-other-host", names=("camera.test",))
        self.store("server-name-only", names=(), subject=HOST)
        self.store("server-for-clients", purposes=("client",))
        self.store("client-for-servers", names=())
        self.store("server-mail", purposes=("mail",))
        self.write("middle-list.pem", self.middle.crl())
        self.write("lists.pem", self.root.crl() + self.middle.crl())
        return self
