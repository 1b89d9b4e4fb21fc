#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What an authority hands out, the openssl command line tool and python3-cryptography accept, and
read as it was meant. Extensions with roles are read by openssl alone: python3-cryptography of
Debian 12 knows no object identifiers with 128-bit arcs. Usage: authority_accepted.py
WRITE_AUTHORITY"""
import datetime
import ipaddress
import os
import subprocess
import sys
import tempfile

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import NameOID

KINDS = ["P-256", "P-384", "ED25519", "RSA", "P-256/callbacks", "RSA/callbacks"]
ARC = "2.25.132330503438125610743018859333830030049."
SERVER = "TLS Web Server Authentication"
CLIENT = "TLS Web Client Authentication"
HOSTS = ["DNS:host.site.example", "IP Address:10.1.2.3", "IP Address:FD00:0:0:0:0:0:0:7"]
ROLES = {
    "camera": ([ARC + "1", SERVER, CLIENT], HOSTS, False),
    "recorder": ([ARC + "2", SERVER, CLIENT], HOSTS, False),
    "exporter": ([ARC + "3"], None, False),
    "custodian": ([ARC + "4"], None, False),
    "key-officer": ([ARC + "5"], None, False),
    "server": ([ARC + "16", SERVER, CLIENT], HOSTS, False),
    "client-device": ([ARC + "17", CLIENT], HOSTS, False),
    "user": ([ARC + "18", CLIENT], None, False),
    "time-stamper": (["Time Stamping"], None, True),
    "update": ([ARC + "20"], None, False),
}


class Authority:
    def __init__(self, folder):
        self.folder = folder

    def path(self, name):
        return os.path.join(self.folder, name)

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def certificate(self, name):
        return x509.load_pem_x509_certificate(self.read(name))

    def openssl(self, *words, fails=False):
        done = subprocess.run(["openssl", *words], cwd=self.folder, capture_output=True, text=True)
        output = done.stdout + done.stderr
        assert (done.returncode != 0) == fails, f"openssl {' '.join(words)}: {output}"
        return output


def said_of(text):
    """The extensions in openssl's words: name, whether critical, value."""
    found = {}
    lines = text.splitlines()
    for line, value in zip(lines, lines[1:]):
        if line.strip().startswith("X509v3 "):
            name, _, critical = line.strip().partition(":")
            found[name] = (critical.strip() == "critical", value.strip())
    return found


def verify(key, signature, signed):
    if isinstance(key, ec.EllipticCurvePublicKey):
        digest = hashes.SHA384() if key.curve.key_size > 256 else hashes.SHA256()
        key.verify(signature, signed, ec.ECDSA(digest))
    elif isinstance(key, ed25519.Ed25519PublicKey):
        key.verify(signature, signed)
    else:
        assert isinstance(key, rsa.RSAPublicKey)
        pss = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)
        key.verify(signature, signed, pss, hashes.SHA256())


def check_authorities(made):
    root = made.certificate("root.pem")
    issuing = made.certificate("issuing.pem")
    verify(root.public_key(), root.signature, root.tbs_certificate_bytes)
    verify(root.public_key(), issuing.signature, issuing.tbs_certificate_bytes)
    for certificate, length in ((root, 1), (issuing, 0)):
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage)
        assert constraints.critical and constraints.value.ca
        assert constraints.value.path_length == length
        assert usage.critical and usage.value.key_cert_sign and usage.value.crl_sign
        assert not usage.value.digital_signature
    limits = issuing.extensions.get_extension_for_class(x509.NameConstraints)
    assert limits.critical and limits.value.excluded_subtrees is None
    assert [name.value for name in limits.value.permitted_subtrees] == [
        "site.example",
        ipaddress.ip_network("10.0.0.0/8"),
        ipaddress.ip_network("fd00::/8"),
    ]


def check_leaf(made, role):
    usages, names, critical = ROLES[role]
    leaf = made.certificate(role + ".pem")
    issuing = made.certificate("issuing.pem")
    verify(issuing.public_key(), leaf.signature, leaf.tbs_certificate_bytes)
    assert leaf.issuer == issuing.subject
    assert leaf.subject.rfc4514_string() == "CN=" + role
    assert leaf.not_valid_before == datetime.datetime(2026, 1, 1)
    assert leaf.not_valid_after == datetime.datetime(2046, 1, 1)
    assert 2**64 < leaf.serial_number < 2**128
    text = made.openssl("x509", "-in", role + ".pem", "-noout", "-text")
    said = said_of(text)
    assert said["X509v3 Extended Key Usage"] == (critical, ", ".join(usages)), said
    assert said["X509v3 Basic Constraints"] == (True, "CA:FALSE")
    assert said["X509v3 Key Usage"] == (True, "Digital Signature")
    if names is None:
        assert "X509v3 Subject Alternative Name" not in said
    else:
        assert said["X509v3 Subject Alternative Name"] == (False, ", ".join(names))
    own = issuing.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    assert said["X509v3 Authority Key Identifier"][1].replace(":", "").lower() == own.hex()
    assert "URI:http://ca.site.example/list.crl" in text
    made.openssl("verify", "-x509_strict", "-check_ss_sig", "-auth_level", "2", "-CAfile",
                 "root.pem", "-untrusted", "issuing.pem", role + ".pem")
    made.openssl("verify", "-CAfile", "root.pem", role + ".pem", fails=True)


def check_request(made):
    request = x509.load_pem_x509_csr(made.read("request.pem"))
    verify(request.public_key(), request.signature, request.tbs_certrequest_bytes)
    assert request.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "Tür"
    said = said_of(made.openssl("req", "-in", "request.pem", "-noout", "-text"))
    assert said["X509v3 Extended Key Usage"] == (False, ARC + "1")
    assert said["X509v3 Subject Alternative Name"] == (False, ", ".join(HOSTS[:2]))
    assert "OK" in made.openssl("req", "-in", "request.pem", "-noout", "-verify")


def check_list(made):
    issuing = made.certificate("issuing.pem")
    revoked = made.certificate("revoked.pem")
    made_list = x509.load_pem_x509_crl(made.read("list.pem"))
    verify(issuing.public_key(), made_list.signature, made_list.tbs_certlist_bytes)
    assert made_list.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 7
    assert [entry.serial_number for entry in made_list] == [revoked.serial_number]
    entry = made_list[0]
    reason = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    assert reason == x509.ReasonFlags.key_compromise
    since = entry.extensions.get_extension_for_class(x509.InvalidityDate).value.invalidity_date
    assert entry.revocation_date - since == datetime.timedelta(days=2)
    assert "verify OK" in made.openssl("crl", "-in", "list.pem", "-noout", "-CAfile", "issuing.pem")
    check = ["verify", "-crl_check", "-CRLfile", "list.pem", "-CAfile", "root.pem", "-untrusted",
             "issuing.pem"]
    made.openssl(*check, "good.pem")
    assert "certificate revoked" in made.openssl(*check, "revoked.pem", fails=True)


def check_responses(made):
    for name, status in (("good", ocsp.OCSPCertStatus.GOOD), ("revoked", ocsp.OCSPCertStatus.REVOKED)):
        response = ocsp.load_der_ocsp_response(made.read(name + ".ocsp"))
        assert response.response_status == ocsp.OCSPResponseStatus.SUCCESSFUL
        assert response.certificate_status == status
        assert response.serial_number == made.certificate(name + ".pem").serial_number
        assert response.next_update - response.this_update == datetime.timedelta(days=1)
        verify(made.certificate("issuing.pem").public_key(), response.signature,
               response.tbs_response_bytes)
        said = made.openssl("ocsp", "-respin", name + ".ocsp", "-issuer", "issuing.pem", "-cert",
                            name + ".pem", "-CAfile", "root.pem")
        assert f"{name}.pem: {name}" in said and "Response verify OK" in said, said


def check_message(made):
    said = made.openssl("pkcs7", "-inform", "DER", "-in", "certificates.p7", "-print_certs")
    assert said.count("BEGIN CERTIFICATE") == 3


def main(write):
    for kind in KINDS:
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([write, folder, kind], check=True)
            made = Authority(folder)
            check_authorities(made)
            for role in ROLES:
                check_leaf(made, role)
            check_request(made)
            check_list(made)
            check_responses(made)
            check_message(made)
        print(f"{kind}: accepted")


if __name__ == "__main__":
    main(sys.argv[1])
