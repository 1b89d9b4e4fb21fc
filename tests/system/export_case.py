# SPDX-License-Identifier: Apache-2.0
"""What the tests of svms export share: an exporter and a custodian under the recorder's CA, and packages."""

import hashlib
import os
import resource
import signal
import struct
import subprocess

from system_case import GOOD, PROGRAM, START, SystemCase, TIMEOUT

TAIL_MAGIC = b"SVXLTAIL"
TAIL_SIZE = 48
LINK_MAGIC = b"SVXL"


def at(seconds):
    """The moment so many seconds after START."""
    return f"2026-11-21T10:00:{seconds:09.6f}Z"


def links_of(content):
    """Where each link of a package begins and where its tail ends, from the last to the first."""
    end = len(content)
    while content[end - 8:end] == TAIL_MAGIC:
        offset, = struct.unpack_from(">Q", content, end - TAIL_SIZE)
        if content[offset:offset + 4] != LINK_MAGIC:
            break
        yield offset, end
        end = offset


def limited_to(size):
    """Files end at this size, with an error instead of a signal, as on a full disk."""
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    return limit


def streams_of(path):
    """The kinds of the streams of a media file."""
    done = subprocess.run(["ffprobe", "-v", "error", "-show_entries", "stream=codec_type", "-of", "csv=p=0", path],
                          check=True, capture_output=True, text=True, timeout=TIMEOUT)
    return sorted(done.stdout.split())


class ExportCase(SystemCase):
    """Recording and packages open with key-encryption keys, unless it is passwords that a test is about: those cost half
    a second each time."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.kek = cls.make_kek("kek.pem")
        cls.package_kek = cls.make_kek("package-kek.pem")
        cls.package_password = os.path.join(cls.shared, "package-password")
        with open(cls.package_password, "w", encoding="utf-8") as file:
            file.write("what only the receiver knows\n")
        os.chmod(cls.package_password, 0o600)
        cls.exporter = cls.make_identity("exporter")
        cls.custodian = cls.make_identity("custodian")
        cls.recorded = os.path.join(cls.shared, "recorded.svms")
        subprocess.run([PROGRAM, "record", cls.clip, "--out", cls.recorded, "--start-time", START, *cls.signer,
                        "--password-file", cls.password_file, "--kek", cls.kek, "--segment-seconds", "1", "--device",
                        "Front door"], check=True, capture_output=True, timeout=TIMEOUT)

    @classmethod
    def make_kek(cls, name):
        path = os.path.join(cls.shared, name)
        subprocess.run([PROGRAM, "kek", "new", "--out", path], check=True, capture_output=True, timeout=TIMEOUT)
        return path

    @classmethod
    def make_identity(cls, role):
        folder = os.path.join(cls.shared, role)
        subprocess.run([PROGRAM, "identity", "create", "--out", folder, "--name", f"Test {role}", "--role", role, "--ca",
                        cls.identity], check=True, capture_output=True, timeout=TIMEOUT)
        return ["--signer", os.path.join(folder, "cert.pem"), "--signer-key", os.path.join(folder, "key.pem")]

    def arguments(self, *extra, out="p.svmx", sources=None):
        """A package that the package's key opens, unless extra says other."""
        sealed = [] if {"--recipient", "--recipient-kek", "--unsealed", "--password-file", "--profile"} & set(extra) else \
            ["--recipient-kek", self.package_kek]
        signer = [] if "--signer" in extra else self.exporter
        trust = [] if "--trust" in extra else ["--trust", self.ca]
        keys = [] if {"--source-identity", "--source-kek", "--source-keys", "--source-password-file"} & set(extra) else \
            ["--source-kek", self.kek]
        return ["export", "create", *(sources or [self.recorded]), "--out", out, *signer, *trust, *keys, *sealed, *extra]

    def create(self, *extra, status=GOOD, out="p.svmx", sources=None, **options):
        return self.expect(status, *self.arguments(*extra, out=out, sources=sources), **options)

    def created(self, *extra, **options):
        """The JSON object of what was exported."""
        return self.create("--json", *extra, **options).json()

    def check(self, name="p.svmx", *extra, status=GOOD):
        """The JSON object of a verification of a package."""
        return self.expect(status, "export", "verify", name, "--trust", self.ca, "--json", *extra).json()

    def opens(self):
        return ["--kek", self.package_kek]

    def with_password(self):
        """To seal a package, and to open it."""
        return ["--password-file", self.package_password]

    def record_by_key(self, name, *extra, **options):
        return self.record(name, "--kek", self.kek, *extra, **options)

    def extract(self, status, name, out, *extra):
        return self.expect(status, "extract", name, "--out", out, "--kek", self.kek, *extra)

    def countersign(self, name="p.svmx", *extra, status=GOOD, **options):
        return self.expect(status, "export", "countersign", name, *self.custodian, *extra, **options)

    def sign_on(self, name="p.svmx", *extra):
        """A custodian's receipt."""
        return self.countersign(name, "--json", *extra).json()["receipt"]

    def get_out(self, out, *extra, name="p.svmx", status=GOOD):
        return self.expect(status, "export", "extract", name, "--out", out, *self.opens(), *extra)

    def damaged(self, name, content, *places):
        """A copy with one bit changed at each of the places."""
        changed = bytearray(content)
        for place in places:
            changed[place] ^= 1
        return self.store(name, bytes(changed))

    def sha256(self, name):
        return hashlib.sha256(self.load(name)).hexdigest()

