# SPDX-License-Identifier: Apache-2.0
"""DTLS-SRTP against OpenSSL, GnuTLS and GStreamer, over UDP on 127.0.0.1, in both roles: equal keys, and pictures that
are those of the source behind our SRTP and behind theirs."""
import hashlib
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

import dtls_gstreamer
import dtls_media

PEER = os.environ["SVMS_DTLS_PEER"]
SKIPPED = 77
TIMEOUT = 60
LABEL = "EXTRACTOR-dtls_srtp"
GCM_256, GCM_128, SHA1 = "AEAD_AES_256_GCM", "AEAD_AES_128_GCM", "AES_CM_128_HMAC_SHA1_80"
NAME_OF = {GCM_256: "SRTP_AEAD_AES_256_GCM", GCM_128: "SRTP_AEAD_AES_128_GCM", SHA1: "SRTP_AES128_CM_SHA1_80"}
SIZE_OF = {GCM_256: 88, GCM_128: 56, SHA1: 60}


class Card:
    """A certificate that says nothing, and its key."""

    def __init__(self, folder, name, kind="P-256"):
        self.cert, self.key = os.path.join(folder, name + ".pem"), os.path.join(folder, name + ".key")
        how = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"] if kind == "P-256" else ["rsa:2048"]
        subprocess.run(["openssl", "req", "-x509", "-newkey", *how, "-nodes", "-keyout", self.key, "-out", self.cert,
                        "-subj", "/CN=" + name, "-days", "2"], check=True, capture_output=True, timeout=TIMEOUT)
        der = subprocess.run(["openssl", "x509", "-in", self.cert, "-outform", "DER"], check=True,
                             capture_output=True, timeout=TIMEOUT).stdout
        self.digests = {name: hashlib.new(name.replace("-", ""), der).hexdigest().upper()
                        for name in ("sha-256", "sha-384", "sha-512")}

    def fingerprint(self, function="sha-256"):
        digest = self.digests[function]
        return function + " " + ":".join(digest[i:i + 2] for i in range(0, len(digest), 2))

    def pem(self):
        with open(self.cert, encoding="ascii") as cert, open(self.key, encoding="ascii") as key:
            return cert.read() + key.read()


class Ours:
    """The peer program; lines of its stdout as they come."""

    def __init__(self, **arguments):
        self.process = subprocess.Popen([PEER, *(f"{name}={value}" for name, value in arguments.items())],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.lines = []
        self.port = int(self.wait_for("PORT").split()[1])

    def wait_for(self, word):
        for line in self.process.stdout:
            self.lines.append(line.strip())
            if line.startswith(word):
                return line.strip()
        raise AssertionError(f"no {word}: {self.lines} {self.process.stderr.read()}")

    def keys(self):
        """Suite, and the keys in the order of RFC 5764 4.2 where we are the client."""
        words = self.wait_for("READY").split()
        return words[1], dict(word.split("=") for word in words[2:])

    def failure(self):
        out, err = self.process.communicate(timeout=TIMEOUT)
        assert self.process.returncode == 1, (out, err)
        return err

    def finish(self):
        out, err = self.process.communicate(timeout=TIMEOUT)
        assert self.process.returncode == 0, (self.lines, out, err)

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


def exported(keys, client):
    """What an exporter gives for these keys."""
    mine, theirs = ("send", "receive") if client else ("receive", "send")
    return (keys[mine] + keys[theirs] + keys[mine + "_salt"] + keys[theirs + "_salt"]).upper()


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.own, self.other = Card(self.folder, "ours"), Card(self.folder, "theirs", "RSA-2048")

    def ours(self, side, **more):
        arguments = {"side": side, "cert": self.own.cert, "key": self.own.key,
                     "fingerprint": self.other.fingerprint(), **more}
        peer = Ours(**arguments)
        self.addCleanup(peer.stop)
        return peer

    def start(self, *command):
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   text=True)
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.kill()
        process.communicate()


def read_until(process, pattern):
    text = ""
    for line in process.stdout:
        text += line
        found = re.search(pattern, text)
        if found:
            return found
    raise AssertionError(f"no {pattern} in {text}")


KEYS_SHOWN = r"Keying material: ([0-9A-F]+)"


class OpenSSL(Case):
    def client(self, port, suite, *more):
        return self.start("openssl", "s_client", "-dtls1_2", "-connect", f"127.0.0.1:{port}", "-cert", self.other.cert,
                          "-key", self.other.key, "-use_srtp", NAME_OF[suite], "-keymatexport", LABEL,
                          "-keymatexportlen", str(SIZE_OF[suite]), *more)

    def server(self, suite, *more):
        process = self.start("openssl", "s_server", "-dtls1_2", "-accept", "127.0.0.1:0", "-Verify", "1", "-cert",
                             self.other.cert, "-key", self.other.key, "-use_srtp", NAME_OF[suite], "-keymatexport",
                             LABEL, "-keymatexportlen", str(SIZE_OF[suite]), *more)
        return process, read_until(process, r"ACCEPT \S*:(\d+)").group(1)

    def test_client_of_openssl_has_our_keys(self):
        for suite, more in ((GCM_256, {}), (GCM_128, {}), (GCM_256, {"cookie": 1}), (SHA1, {"sha1": 1})):
            with self.subTest(suite=suite, **more):
                ours = self.ours("server", **more)
                theirs = self.client(ours.port, suite)
                agreed, keys = ours.keys()
                self.assertEqual(agreed, suite)
                self.assertEqual(read_until(theirs, KEYS_SHOWN).group(1), exported(keys, client=False))
                self.assertEqual("COOKIE" in ours.lines, "cookie" in more)
                theirs.stdin.write("Q\n")
                theirs.stdin.flush()
                ours.finish()

    def test_server_of_openssl_has_our_keys(self):
        for suite, more in ((GCM_256, ()), (GCM_128, ("-listen",)), (GCM_256, ("-mtu", "300"))):
            with self.subTest(suite=suite, more=more):
                theirs, port = self.server(suite, *more)
                ours = self.ours("client", port=port)
                agreed, keys = ours.keys()
                self.assertEqual(agreed, suite)
                self.assertEqual(read_until(theirs, KEYS_SHOWN).group(1), exported(keys, client=True))

    def test_fingerprints_of_each_function_are_taken(self):
        for function in ("sha-384", "sha-512"):
            with self.subTest(function=function):
                ours = self.ours("server", fingerprint=self.other.fingerprint(function))
                self.client(ours.port, GCM_256)
                self.assertEqual(ours.keys()[0], GCM_256)

    def test_another_certificate_is_refused_by_both_sides_of_ours(self):
        wrong = self.own.fingerprint()
        ours = self.ours("server", fingerprint=wrong)
        theirs = self.client(ours.port, GCM_256)
        self.assertIn("does not have the fingerprint", ours.failure())
        self.assertRegex(read_until(theirs, r"alert (\w+ \w+)").group(1), "bad certificate")
        theirs, port = self.server(GCM_256)
        self.assertIn("does not have the fingerprint", self.ours("client", port=port, fingerprint=wrong).failure())

    def test_a_weak_peer_is_refused(self):
        for words, more in (("no protection profile", ["-use_srtp", NAME_OF[SHA1]]),
                            ("no cipher suite", ["-cipher", "AES128-SHA:ECDHE-ECDSA-AES128-SHA"])):
            with self.subTest(words=words):
                ours = self.ours("server")
                self.client(ours.port, GCM_256, *more)
                self.assertIn(words, ours.failure())
        for words, more in (("client has no certificate", []), ("no protection profile", ["plain"])):
            with self.subTest(words=words):
                ours = self.ours("server")
                self.start("openssl", "s_client", "-dtls1_2", "-connect", f"127.0.0.1:{ours.port}",
                           *(["-cert", self.other.cert, "-key", self.other.key] if more else
                             ["-use_srtp", NAME_OF[GCM_256]]))
                self.assertIn(words, ours.failure())
        ours = self.ours("server")
        self.start("openssl", "s_client", "-dtls1", "-cipher", "ALL:@SECLEVEL=0", "-connect", f"127.0.0.1:{ours.port}")
        self.assertIn("only DTLS 1.0", ours.failure())


@unittest.skipUnless(shutil.which("gnutls-cli"), "no GnuTLS")
class GnuTLS(Case):
    """Its tools know no AEAD for SRTP."""
    OPTIONS = ("--udp", "--srtp-profiles=SRTP_AES128_CM_HMAC_SHA1_80", "--priority=NORMAL:-VERS-ALL:+VERS-DTLS1.2")

    def test_client_of_gnutls_agrees(self):
        ours = self.ours("server", sha1=1)
        theirs = self.start("gnutls-cli", *self.OPTIONS, "--insecure", "--x509certfile", self.other.cert,
                            "--x509keyfile", self.other.key, "-p", str(ours.port), "127.0.0.1")
        self.assertEqual(ours.keys()[0], SHA1)
        read_until(theirs, "SRTP profile: SRTP_AES128_CM_HMAC_SHA1_80")

    def test_server_of_gnutls_agrees(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        theirs = self.start("gnutls-serv", *self.OPTIONS, "--require-client-cert", "--x509certfile", self.other.cert,
                            "--x509keyfile", self.other.key, "-p", str(port), "--echo")
        read_until(theirs, "127.0.0.1|0.0.0.0.*ready|listening.*done|done")
        ours = self.ours("client", port=port, sha1=1)
        self.assertEqual(ours.keys()[0], SHA1)


@unittest.skipUnless(dtls_gstreamer.HAVE, "no GStreamer with DTLS and Python")
class GStreamer(Case):
    """It knows AES128_CM_SHA1_80 alone."""

    def test_what_it_protects_we_open_in_either_role(self):
        clip = dtls_media.make_clip(self.folder)
        for side in ("server", "client"):
            with self.subTest(ours=side):
                out = os.path.join(self.folder, "received")
                port = dtls_media.free_port()
                with dtls_gstreamer.Sending(clip, self.other.pem(), port, side == "server") as theirs:
                    more = {"port": port} if side == "client" else {}
                    ours = self.ours(side, sha1=1, receive=dtls_media.FRAMES, out=out, **more)
                    theirs.play(ours.port)
                    self.assertEqual(ours.keys()[0], SHA1)
                    ours.wait_for("DONE")
                self.assertEqual(dtls_media.pictures_of_packets(out), dtls_media.pictures_of(clip))

    def test_what_we_protect_it_plays_in_either_role(self):
        clip = dtls_media.make_clip(self.folder)
        packets = dtls_media.packets_of(clip, self.folder)
        for side in ("server", "client"):
            with self.subTest(ours=side):
                port = dtls_media.free_port()
                with dtls_gstreamer.Receiving(self.other.pem(), port, side == "server") as theirs:
                    more = {"port": port} if side == "client" else {}
                    ours = self.ours(side, sha1=1, send=packets, **more)
                    theirs.play(ours.port)
                    self.assertEqual(ours.keys()[0], SHA1)
                    pictures = theirs.pictures(dtls_media.FRAMES)
                self.assertEqual(pictures, dtls_media.pictures_of(clip))


if __name__ == "__main__":
    if not shutil.which("openssl"):
        print("SKIPPED: no openssl program")
        sys.exit(SKIPPED)
    unittest.main(verbosity=2)
