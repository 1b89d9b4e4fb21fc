# SPDX-License-Identifier: Apache-2.0
"""Audit logs and witnesses against golang.org/x/mod/sumdb (note, tlog), and cosignatures against crypto/ed25519 and
python3-cryptography by the text of C2SP.

SVMS_TLOG_PEER names our side; go and golang-golang-x-mod-dev are Debian's. Nothing is fetched."""

import base64
import glob
import hashlib
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

PEER = os.environ["SVMS_TLOG_PEER"]
SOURCES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "go_tlog")
GOCODE = "/usr/share/gocode"
TIMEOUT = 600
SKIPPED = 77


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, timeout=TIMEOUT, check=False, **options)
    if done.returncode != 0:
        raise AssertionError(f"{command}: {done.returncode}\n{done.stdout.decode()}\n{done.stderr.decode()}")
    return done.stdout.decode()


def build(folder):
    """The Go program, with what Debian has and without the network."""
    out = os.path.join(folder, "go_tlog")
    env = dict(os.environ, GO111MODULE="off", GOPATH=GOCODE, GOCACHE=os.path.join(folder, "cache"), GOFLAGS="",
               GOPROXY="off", CGO_ENABLED="0")
    run("go", "build", "-o", out, ".", cwd=SOURCES, env=env)
    return out


def part(note):
    """The text of a note, with its last line end, and its lines."""
    at = note.rindex(b"\n\n")
    return note[:at + 1], note[at + 2:].decode().splitlines()


def raw(public):
    return public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def key_id(name, public):
    return hashlib.sha256(name.encode() + b"\n\x04" + public).digest()[:4]


def cosign(note, seed, name, at):
    """A witness of C2SP in a few lines: its verifier key, and its line."""
    private = ed25519.Ed25519PrivateKey.from_private_bytes(hashlib.sha256(seed).digest())
    public = raw(private.public_key())
    signature = private.sign(f"cosignature/v1\ntime {at}\n".encode() + part(note)[0])
    blob = key_id(name, public) + struct.pack(">Q", at) + signature
    key = f"{name}+{key_id(name, public).hex()}+{base64.b64encode(bytes([4]) + public).decode()}"
    return key, f"\u2014 {name} {base64.b64encode(blob).decode()}\n"


def check_cosignature(note, key):
    """The time that the witness attests; raises where it does not."""
    name, number, material = key.split("+", 2)
    material = base64.b64decode(material)
    text, lines = part(note)
    assert material[0] == 4 and key_id(name, material[1:]).hex() == number
    for line in lines:
        dash, by, blob = line.split(" ")
        blob = base64.b64decode(blob)
        if dash == "\u2014" and by == name and blob[:4].hex() == number:
            at, = struct.unpack(">Q", blob[4:12])
            ed25519.Ed25519PublicKey.from_public_bytes(material[1:]).verify(
                blob[12:], f"cosignature/v1\ntime {at}\n".encode() + text)
            return at
    raise AssertionError(f"{name} has not cosigned")


class GoTlog(unittest.TestCase):
    """One log of ours, of several epochs, serves all."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="svms-go-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.go = build(cls.folder)
        cls.proofs = cls.path("proofs")
        os.mkdir(cls.proofs)
        cls.log = cls.path("log")
        cls.key = run(PEER, "make", cls.log, "600", cls.proofs).strip()

    @classmethod
    def path(cls, name):
        return os.path.join(cls.folder, name)

    def load(self, name):
        with open(os.path.join(self.log, name), "rb") as file:
            return file.read()

    def store(self, name, content):
        with open(self.path(name), "wb") as file:
            file.write(content)
        return self.path(name)

    def test_go_verifies_checkpoints_handovers_tiles_and_proofs_of_ours(self):
        said = run(self.go, "verify", self.log, self.key, self.proofs)
        self.assertRegex(said, r"proofs of 6\d\d records and 6\d\d trees\n6\d\d records in 4 epochs\ngood")

    def test_go_finds_what_was_changed(self):
        """Were it content with anything, the test above would prove nothing."""
        for name in ("checkpoint", "epochs", "tile/0/001", "tile/entries/001", "proof"):
            with self.subTest(name):
                copy, proofs = self.path("copy"), self.path("proofs-copy")
                shutil.copytree(self.log, copy)
                shutil.copytree(self.proofs, proofs)
                victim = os.path.join(proofs, "record-99.proof") if name == "proof" else os.path.join(copy, name)
                with open(victim, "r+b") as file:
                    content = bytearray(file.read())
                    content[len(content) // 2] ^= 1
                    file.seek(0)
                    file.write(content)
                with self.assertRaises(AssertionError):
                    run(self.go, "verify", copy, self.key, proofs)
                shutil.rmtree(copy)
                shutil.rmtree(proofs)

    def test_we_verify_notes_tiles_and_proofs_of_go(self):
        for count in (1, 2, 7, 255, 256, 257, 600):
            with self.subTest(count):
                made = self.path(f"made-{count}")
                run(self.go, "make", made, str(count))
                said = run(PEER, "check", made)
                steps = len(glob.glob(os.path.join(made, "growth", "*")))
                self.assertEqual(said, f"{count} records, {count} proven, {steps} steps\n")

    def test_we_find_what_was_changed_in_what_go_made(self):
        made = self.path("changed")
        run(self.go, "make", made, "300")
        for name in ("checkpoint", "tile/1/000.p/1", "records/17", "growth/004"):
            with self.subTest(name):
                with open(os.path.join(made, name), "r+b") as file:
                    good = file.read()
                    bad = bytearray(good)
                    bad[len(bad) // 2] ^= 1
                    file.seek(0)
                    file.write(bad)
                shutil.rmtree(os.path.join(made, "witness"), ignore_errors=True)
                with self.assertRaises(AssertionError):
                    run(PEER, "check", made)
                with open(os.path.join(made, name), "wb") as file:
                    file.write(good)
        shutil.rmtree(os.path.join(made, "witness"), ignore_errors=True)
        run(PEER, "check", made)

    def test_we_take_cosignatures_of_go_and_of_python(self):
        checkpoint = self.load("checkpoint")
        key, line, _ = run(self.go, "cosign", os.path.join(self.log, "checkpoint"), "seed", "witness.example/go",
                           "1700000001").splitlines()
        run(PEER, "cosigned", self.log, key, self.store("answer", line.encode() + b"\n"))
        other_key, other_line = cosign(checkpoint, b"other", "witness.example/python", 1700000002)
        run(PEER, "cosigned", self.log, other_key, self.store("answer", other_line.encode()))
        witnessed = self.load("witnessed")
        self.assertEqual(check_cosignature(witnessed, key), 1700000001)
        self.assertEqual(check_cosignature(witnessed, other_key), 1700000002)
        run(self.go, "check-cosignature", os.path.join(self.log, "witnessed"), other_key)

    def test_we_refuse_a_cosignature_of_another_text(self):
        checkpoint = self.load("checkpoint").replace(b"tlog-peer", b"tlog-pear")
        key, line = cosign(checkpoint, b"seed", "witness.example/bad", 1700000001)
        with self.assertRaises(AssertionError):
            run(PEER, "cosigned", self.log, key, self.store("answer", line.encode()))

    def test_go_and_python_verify_a_cosignature_of_ours(self):
        made = self.path("for-cosigning")
        run(self.go, "make", made, "1")
        with open(os.path.join(made, "key"), encoding="ascii") as file:
            log_key = file.read().strip()
        request = os.path.join(made, "growth", "000")
        key, status, line = run(PEER, "witness", self.path("state"), "witness.example/ours", log_key,
                                request).splitlines()
        self.assertEqual(status, "200")
        with open(os.path.join(made, "checkpoint"), "rb") as file:
            note = file.read() + line.encode() + b"\n"
        self.assertGreater(check_cosignature(note, key), 1700000000)
        run(self.go, "check-cosignature", self.store("cosigned", note), key)


def main():
    missing = [what for what, there in (("golang-go", shutil.which("go")),
                                        ("golang-golang-x-mod-dev",
                                         os.path.isdir(GOCODE + "/src/golang.org/x/mod/sumdb/tlog"))) if not there]
    if missing:
        print(f"NOTE: skipped, without {' and '.join(missing)}", file=sys.stderr, flush=True)
        sys.exit(SKIPPED)
    unittest.main(verbosity=2)


if __name__ == "__main__":
    main()
