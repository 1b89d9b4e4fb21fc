#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of the second implementation: signatures of all kinds, time stamps, keys, other files."""

import os
import shutil
import subprocess
import tempfile
import unittest

from cryptography.hazmat.primitives import keywrap
from cryptography.hazmat.primitives.asymmetric import rsa

import disclosures
import faults
import good_signatures as kinds
import good_stamps as stamped
import good_vectors as good
import make_vectors
import pruned_vectors
from svmsref import build, disclosure, oaep, primitives, pruned, signatures, timestamp, trust
from svmsref import verifier
from svmsref.errors import ContainerError
from svmsref.primitives import SeededRandom, sha256

DATA = make_vectors.DATA
OPENSSL = shutil.which("openssl")


def anchors(name=make_vectors.CA):
    return trust.load_anchors(build.read_file(DATA, name))


def verify(data):
    request = verifier.Request(anchors(), anchors(stamped.TSA_CA), now_utc=make_vectors.NOW)
    return verifier.verify(data, request)


class Proofs(unittest.TestCase):
    LEAVES = [bytes.fromhex(leaf) for leaf in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )]  # fmt: skip

    def test_proof_of_certificate_transparency(self):
        found = signatures.inclusion_proof(0, self.LEAVES)
        wanted = (
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        )
        self.assertEqual([node.hex() for node in found], list(wanted))

    def test_every_leaf_of_every_small_tree_is_proved(self):
        for size in range(1, 40):
            leaves = [bytes([number]) for number in range(size)]
            root = primitives.merkle_root(leaves)
            for index, leaf in enumerate(leaves):
                proof = signatures.inclusion_proof(index, leaves)
                self.assertEqual(signatures.root_of_proof(leaf, index, size, proof), root)
                self.assertIsNone(signatures.root_of_proof(leaf, index, size, [*proof, root]))
                self.assertIsNone(signatures.root_of_proof(leaf, size, size, proof))
                for other in range(size):
                    if other != index:
                        found = signatures.root_of_proof(leaf, other, size, proof)
                        self.assertNotEqual(found, root)


class Wrapping(unittest.TestCase):
    def test_key_wrap_of_rfc_3394(self):
        data = bytes.fromhex("00112233445566778899aabbccddeeff") + bytes(range(16))
        wanted = ("28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326"
                  "cbc7f0e71a99f43bfb988b9b7a02dd21")  # fmt: skip
        self.assertEqual(keywrap.aes_key_wrap(bytes(range(32)), data).hex(), wanted)

    def test_oaep_blocks_open(self):
        key = rsa.generate_private_key(65537, 2048)
        for size in (0, 32, 64):
            sealed = oaep.encrypt(key.public_key(), bytes(range(size)), SeededRandom("oaep"))
            self.assertEqual(oaep.decrypt(key, sealed), bytes(range(size)))


class Flips(unittest.TestCase):
    """Containers with every kind of signature, each byte altered."""

    def _check(self, spec, step=1, verdict="authentic"):
        data, _ = build.build(spec, DATA)
        self.assertEqual(verify(data).verdict, verdict)
        for offset in range(0, len(data), step):
            report = verify(faults.flip(offset, 0x20)(data))
            self.assertNotIn(report.verdict, ("authentic", "untrusted"), offset)
        return data

    def _truncate(self, data, whole=()):
        for size in range(0, len(data), 5):
            self.assertIn(verify(data[:size]).verdict, ("incomplete", "malformed"), size)
        for size in whole:
            self.assertEqual(verify(data[:size]).verdict, "authentic")

    def test_deferred(self):
        spec = kinds.deferred_spec("flips deferred", kinds.signed_only(4, 1), 3)
        self._truncate(self._check(spec, 3))

    def test_late(self):
        spec = kinds.late_spec("flips late", **kinds.late_by(4, 2))
        self._truncate(self._check(spec, 3))

    def test_batch(self):
        found = kinds.segments(2, s1={"batch": kinds.in_batch(5, 2)})
        self._truncate(self._check(good.clear("flips batch", found, critical=4), 3))

    def test_stamped(self):
        found = kinds.segments(3, s1={"stamps": [stamped.on(0)]})
        data = self._check(good.clear("flips stamped", found, trailers=[stamped.by()]), 5)
        tail = data[-32:]
        closed = data.index(tail) + 32
        self.assertEqual(verify(data[:closed]).verdict, "authentic")
        for size in range(closed + 1, len(data), 7):
            self.assertEqual(verify(data[:size]).verdict, "incomplete")

    def test_officer(self):
        spec = good.strong("flips officer", officer={
            "cert": "keys/p256-officer.pem", "key": "keys/p256.key.pem"})  # fmt: skip
        self._check(spec, 11)


class OtherFiles(unittest.TestCase):
    def test_an_altered_disclosure_is_refused(self):
        _, writer = build.build(good.strong("disclose flips", 2), DATA)
        entry = disclosures.entry("x", "", "", [(0, 0), (1, 0)])
        data = disclosures.pack(entry, writer)
        self.assertEqual(len(disclosure.parse(data).entries), 2)
        for offset in range(len(data)):
            self.assertRaises(ContainerError, disclosure.parse, faults.flip(offset)(data))
            self.assertRaises(ContainerError, disclosure.parse, data[:offset])

    def test_an_altered_pruned_record_is_refused(self):
        data = pruned_vectors.make(pruned_vectors.entry("flips", ""))
        self.assertEqual(pruned.read(data, anchors(), make_vectors.NOW).verdict, "authentic")
        for offset in range(len(data)):
            for changed in (faults.flip(offset)(data), data[:offset]):
                found = pruned.read(changed, anchors(), make_vectors.NOW)
                self.assertNotIn(found.verdict, ("authentic", "untrusted"), offset)


@unittest.skipUnless(OPENSSL, "openssl is not installed")
class OpenSsl(unittest.TestCase):
    """Tokens of svmsref and of the program openssl, each read by the other."""

    CONFIG = """[tsa]
default_tsa = one
[one]
serial = {folder}/serial
default_policy = 1.2.3.4.1
digests = sha256
signer_digest = sha256
ess_cert_id_alg = {digest}
"""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="svms-tokens-")
        self.addCleanup(shutil.rmtree, self.folder)

    def _path(self, name, content=None):
        path = os.path.join(self.folder, name)
        if content is not None:
            with open(path, "wb") as file:
                file.write(content)
        return path

    def _run(self, *arguments):
        done = subprocess.run([OPENSSL, "ts", *arguments], capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_openssl_accepts_our_tokens(self):
        imprint = sha256(b"stamped")
        for name in ("tsa", "tsa-rsa"):
            chain = trust.load_anchors(build.read_file(DATA, f"keys/{name}.pem"))
            key = build.load_private_key(build.read_file(DATA, f"keys/{name}.key.pem"))
            token = timestamp.make(timestamp.Stamp(imprint, good.T0), chain, key)
            self.assertEqual(timestamp.parse(token).utc, good.T0)
            self._run("-verify", "-digest", imprint.hex(), "-token_in", "-in",
                      self._path("token", token), "-CAfile",
                      os.path.join(DATA, stamped.TSA_CA))  # fmt: skip

    def test_we_accept_tokens_of_openssl(self):
        imprint = sha256(b"stamped by openssl")
        for name in ("tsa", "tsa-rsa"):
            for digest in ("sha1", "sha256", "sha512"):
                token = self._openssl_token(name, imprint, digest)
                found = timestamp.parse(token)
                self.assertEqual(found.imprint, imprint)
                checked = trust.check_authority(anchors(stamped.TSA_CA), found.chain, found.utc)
                self.assertEqual(checked[1], "")
                for offset in range(0, len(token), 9):
                    self._check_altered(faults.flip(offset)(token), found)

    def _check_altered(self, token, found):
        """It is refused, or what it says is the same: some bytes are not signed."""
        try:
            other = timestamp.parse(token)
        except ValueError:
            return
        self.assertEqual((other.utc, other.imprint), (found.utc, found.imprint))

    def _openssl_token(self, name, imprint, digest):
        config = self.CONFIG.format(folder=self.folder, digest=digest)
        self._path("serial", b"01\n")
        query, reply = self._path("query"), self._path("reply")
        self._run("-query", "-digest", imprint.hex(), "-sha256", "-cert", "-out", query)
        self._run("-reply", "-config", self._path("config", config.encode()), "-section", "one",
                  "-queryfile", query, "-token_out", "-out", reply,
                  "-signer", os.path.join(DATA, f"keys/{name}.pem"),
                  "-inkey", os.path.join(DATA, f"keys/{name}.key.pem"))  # fmt: skip
        return build.read_file("", reply)


if __name__ == "__main__":
    unittest.main()
