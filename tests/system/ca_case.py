# SPDX-License-Identifier: Apache-2.0
"""What the tests of svms ca share: authorities, requests, and the journal as docs/adr/0026 describes it, read and written here
by other code than that under test."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile

from system_case import GOOD, LEAN_PROGRAM, SystemCase, TIMEOUT

PASSPHRASE = "not the one that is used elsewhere"


def openssl(*arguments, status=0, **options):
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, timeout=TIMEOUT, check=False, **options)
    if status is not None and done.returncode != status:
        raise AssertionError(f"openssl {' '.join(arguments)}: {done}")
    return done


def text_of(path):
    """What a certificate says, in OpenSSL's words."""
    return openssl("x509", "-in", path, "-noout", "-text").stdout


def serial_of(path):
    return openssl("x509", "-in", path, "-noout", "-serial").stdout.strip().partition("=")[2].lower()


class Journal:
    """The journal of an authority's folder."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "journal")
        self.head_path = os.path.join(folder, "journal.head")

    def lines(self):
        with open(self.path, "rb") as file:
            content = file.read()
        assert content.endswith(b"\n"), "the journal ends in the middle of a line"
        return content.split(b"\n")[:-1]

    def entries(self):
        """Every line, after a check that each names the one before, and that the head names one of them."""
        hashes = [bytes(32)]
        entries = []
        for number, line in enumerate(self.lines(), 1):
            entry = json.loads(line)
            assert entry["line"] == number, entry
            assert entry["previous"] == hashes[-1].hex(), entry
            hashes.append(hashlib.sha256(line).digest())
            entries.append(entry)
        with open(self.head_path, encoding="utf-8") as file:
            head = json.load(file)
        assert hashes[head["lines"]].hex() == head["sha256"], head
        return entries

    def issued(self):
        return [entry for entry in self.entries() if entry["what"] == "issued"]

    def append(self, **entry):
        """A line as an authority would have written it, perhaps at another time."""
        self.append_all([entry])

    def append_all(self, entries):
        lines = self.lines()
        for entry in entries:
            whole = {"line": len(lines) + 1, "previous": hashlib.sha256(lines[-1]).hexdigest(), "at": "2026-11-21T10:00:00Z",
                     **entry}
            lines.append(json.dumps(whole).encode())
        self.store(b"".join(one + b"\n" for one in lines))
        with open(self.head_path, "w", encoding="utf-8") as file:
            json.dump({"lines": len(lines), "sha256": hashlib.sha256(lines[-1]).hexdigest()}, file)

    def content(self):
        with open(self.path, "rb") as file:
            return file.read()

    def store(self, content):
        with open(self.path, "wb") as file:
            file.write(content)


class CaCase(SystemCase):
    """Needs no clip. What costs a passphrase each time is done with an authority that has none, where that is not what a
    test is about."""

    @classmethod
    def setUpClass(cls):
        cls.shared = tempfile.mkdtemp(prefix="svms-ca-")
        cls.addClassCleanup(shutil.rmtree, cls.shared, ignore_errors=True)
        cls.passphrase_file = os.path.join(cls.shared, "passphrase")
        with open(cls.passphrase_file, "w", encoding="utf-8") as file:
            file.write(PASSPHRASE + "\n")
        os.chmod(cls.passphrase_file, 0o600)
        cls.unprotected = os.path.join(cls.shared, "unprotected")
        subprocess.run([LEAN_PROGRAM, "ca", "init", cls.unprotected, "--name", "Quick CA", "--no-passphrase"], check=True,
                       capture_output=True, timeout=TIMEOUT)
        cls.key = ["--passphrase-file", cls.passphrase_file]

    def authority(self, name="ca"):
        """A folder of its own with an authority without passphrase."""
        shutil.copytree(self.unprotected, self.path(name))
        return Journal(self.path(name))

    def init(self, name="ca", *extra, status=GOOD, **options):
        key = [] if {"--no-passphrase", "--passphrase-file", "--key"} & set(extra) else self.key
        return self.expect(status, "ca", "init", name, "--name", f"Authority {name}", *key, *extra, **options)

    def request(self, name="Device", *extra, out=None, status=GOOD):
        """A request and its key: device.csr and device.key."""
        out = out or re.sub(r"\W", "-", name.lower())
        self.expect(status, "request", "--new-key", f"{out}.key", "--name", name, "--out", f"{out}.csr", *extra)
        return f"{out}.csr"

    def issue(self, request="device.csr", *extra, status=GOOD, ca="ca", out=None, role="recorder", said=("--as-requested",),
              **options):
        return self.expect(status, "ca", "issue", ca, request, "--role", role, *said, "--out",
                           out or request.replace(".csr", ".pem"), *extra, **options)

    def listed(self, *extra, ca="ca", status=GOOD):
        return self.expect(status, "ca", "list", ca, "--json", *extra).json()

    def certificates(self, *extra, ca="ca"):
        """What is listed, by name."""
        return {entry["name"]: entry for entry in self.listed(*extra, ca=ca)["certificates"]}

    def crl(self, out="ca.crl", *extra, ca="ca", status=GOOD):
        return self.expect(status, "ca", "crl", ca, "--out", out, *extra)
