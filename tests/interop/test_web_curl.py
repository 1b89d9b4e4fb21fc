#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The HTTP that our servers share, and other people's clients: curl, and Python's own."""

import hashlib
import http.client
import os
import re
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

PEER = os.environ["SVMS_WEB_PEER"]
HOST = "127.0.0.1"
PATIENCE = 120
SIZE = 3_000_000
HALF_OPEN = 1000


def openssl(folder, *arguments):
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True, timeout=PATIENCE)


def make_certificates(folder):
    """An authority, a server for 127.0.0.1 and a client."""
    openssl(folder, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", "/CN=authority", "-keyout", "ca.key", "-out", "ca.pem", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    for name, extra in (("server", f"subjectAltName=IP:{HOST}\nextendedKeyUsage=serverAuth\n"),
                        ("client", "extendedKeyUsage=clientAuth\n")):
        openssl(folder, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                "-keyout", f"{name}.key", "-out", f"{name}.csr")
        with open(os.path.join(folder, f"{name}.ext"), "w", encoding="utf-8") as file:
            file.write(f"keyUsage=critical,digitalSignature\nbasicConstraints=critical,CA:false\n{extra}")
        openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "1",
                "-extfile", f"{name}.ext", "-out", f"{name}.pem")


class WebCurl(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        for tool in ("curl", "openssl"):
            if not shutil.which(tool):
                print(f"NOTE: SKIPPED: {tool} is not installed (examples/packages.sh install test)", file=sys.stderr)
                raise unittest.SkipTest(f"{tool} is not installed")
        cls.place = tempfile.TemporaryDirectory(prefix="svms-web-")
        cls.folder = cls.place.name
        cls.content = bytes(i * 7 % 251 for i in range(SIZE))
        cls.file = os.path.join(cls.folder, "file")
        with open(cls.file, "wb") as file:
            file.write(cls.content)
        make_certificates(cls.folder)

    @classmethod
    def tearDownClass(cls):
        cls.place.cleanup()

    def serve(self, *files):
        server = subprocess.Popen([PEER, self.file, *(os.path.join(self.folder, name) for name in files)],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(server.stdout.close)
        self.addCleanup(self.end, server)
        return int(server.stdout.readline())

    def end(self, server):
        server.stdin.close()
        self.assertEqual(server.wait(PATIENCE), 0)

    def curl(self, url, *arguments, wanted=0):
        """Status and body."""
        out = os.path.join(self.folder, "out")
        if os.path.exists(out):
            os.unlink(out)
        run = subprocess.run(["curl", "-sS", "--max-time", str(PATIENCE), "-o", out, "-w", "%{http_code} %{http_version}", *arguments, url],
                             capture_output=True, text=True, timeout=2 * PATIENCE, check=False,
                             env={**os.environ, "CURL_HOME": "/nonexistent", "no_proxy": "*"})
        self.assertEqual(run.returncode, wanted, run.stderr)
        body = b""
        if os.path.exists(out):
            with open(out, "rb") as file:
                body = file.read()
        return int(run.stdout.split()[0]), body

    def test_what_clients_ask_for(self):
        port = self.serve()
        base = f"http://{HOST}:{port}"
        self.assertEqual(self.curl(f"{base}/file"), (200, self.content))
        self.assertEqual(self.curl(f"{base}/file", "--http1.0"), (200, self.content))
        self.assertEqual(self.curl(f"{base}/file", "-r", "1000-1999"), (206, self.content[1000:2000]))
        self.assertEqual(self.curl(f"{base}/file", "-r", "-5"), (206, self.content[-5:]))
        self.assertEqual(self.curl(f"{base}/file", "-r", "3000000-")[0], 416)
        self.assertEqual(self.curl(f"{base}/file", "-I")[0], 200)
        self.assertEqual(self.curl(f"{base}/echo", "-d", "hello"), (200, b"hello"))
        self.assertEqual(self.curl(f"{base}/echo", "-d", "hello", "-H", "Transfer-Encoding: chunked"), (200, b"hello"))
        self.assertEqual(self.curl(f"{base}/echo", "--data-binary", f"@{self.file}")[0], 413)
        self.assertEqual(self.curl(f"{base}/upload", "-T", self.file), (201, b"3000000\n"))
        with open(self.file, "rb") as file:
            run = subprocess.run(["curl", "-sS", "-T", "-", f"{base}/upload"], stdin=file, capture_output=True, check=True, timeout=PATIENCE)
        self.assertEqual(run.stdout, b"3000000\n")
        self.assertEqual(self.curl(f"{base}/stream"), (200, bytes(5000000)))
        self.assertEqual(self.curl(f"{base}/stream", "--http1.0"), (200, bytes(5000000)))
        self.assertEqual(self.curl(f"{base}/nothing")[0], 404)
        self.assertEqual(self.curl(f"{base}/file", "-X", "DELETE")[0], 405)
        self.assertEqual(self.curl(f"{base}/a/../file", "--path-as-is")[0], 400)

    def test_logins(self):
        port = self.serve()
        base = f"http://{HOST}:{port}"
        self.assertEqual(self.curl(f"{base}/basic", "-u", "ann:correct horse")[0], 200)
        self.assertEqual(self.curl(f"{base}/basic", "-u", "ann:wrong")[0], 403)
        self.assertEqual(self.curl(f"{base}/digest", "--digest", "-u", "ann:correct horse"), (200, b"welcome\n"))
        self.assertEqual(self.curl(f"{base}/digest?a=b%20c&d", "--digest", "-u", "ann:correct horse"), (200, b"welcome\n"))
        for _ in range(5):
            self.assertEqual(self.curl(f"{base}/digest", "--digest", "-u", "ann:wrong")[0], 401)
        # Now it is closed, and looks as it did.
        self.assertEqual(self.curl(f"{base}/digest", "--digest", "-u", "ann:correct horse"), (401, b"who are you?\n"))

    def test_a_response_is_good_once(self):
        connection = http.client.HTTPConnection(HOST, self.serve(), timeout=PATIENCE)
        for algorithm, digest in (("SHA-256", hashlib.sha256), ("MD5", hashlib.md5)):
            connection.request("GET", "/digest")
            answer = connection.getresponse()
            answer.read()
            challenge = [value for value in answer.headers.get_all("WWW-Authenticate") if f"algorithm={algorithm}," in value][0]
            nonce = re.search('nonce="([0-9a-f]+)"', challenge).group(1)
            hashed = lambda *parts: digest(":".join(parts).encode()).hexdigest()
            response = hashed(hashed("ann", "peer", "correct horse"), nonce, "00000001", "ours", "auth", hashed("GET", "/digest"))
            field = (f'Digest username="ann", realm="peer", nonce="{nonce}", uri="/digest", algorithm={algorithm}, '
                     f'qop=auth, nc=00000001, cnonce="ours", response="{response}"')
            for wanted, stale in ((200, False), (401, True)):
                connection.request("GET", "/digest", headers={"Authorization": field})
                answer = connection.getresponse()
                answer.read()
                self.assertEqual((answer.status, "stale=true" in str(answer.headers)), (wanted, stale))
        connection.close()

    def test_over_tls(self):
        port = self.serve("server.pem", "server.key", "ca.pem")
        base = f"https://{HOST}:{port}"
        trust = ("--cacert", os.path.join(self.folder, "ca.pem"))
        own = ("--cert", os.path.join(self.folder, "client.pem"), "--key", os.path.join(self.folder, "client.key"))
        self.assertEqual(self.curl(f"{base}/file", *trust), (200, self.content))
        self.assertEqual(self.curl(f"{base}/who", *trust), (200, b"nobody\n"))
        self.assertEqual(self.curl(f"{base}/who", *trust, *own), (200, b"CN=client\n"))
        self.assertEqual(self.curl(f"{base}/upload", "-T", self.file, *trust, *own), (201, b"3000000\n"))
        self.assertEqual(self.curl(f"{base}/stream", *trust), (200, bytes(5000000)))
        head = self.head(f"{base}/who", trust)
        self.assertIn("\r\nStrict-Transport-Security: max-age=31536000\r\n", head)
        self.assertNotIn("\r\nServer:", head)
        # Plain HTTP is no TLS.
        self.assertNotEqual(subprocess.run(["curl", "-s", "-m", "60", f"http://{HOST}:{port}/who"], check=False, timeout=PATIENCE).returncode, 0)

    def head(self, url, trust):
        return subprocess.run(["curl", "-sS", "-D", "-", "-o", "/dev/null", *trust, url], capture_output=True, check=True,
                              timeout=PATIENCE).stdout.decode()

    def test_a_thousand_half_open_connections_keep_nobody_out(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard != resource.RLIM_INFINITY and hard < HALF_OPEN + 200:
            print("NOTE: SKIPPED: too few files may be open for a thousand connections", file=sys.stderr)
            self.skipTest("too few files may be open")
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, HALF_OPEN + 200), hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        port = self.serve("server.pem", "server.key", "ca.pem")
        connections = []
        try:
            for i in range(HALF_OPEN):
                connections.append(socket.create_connection((HOST, port), timeout=PATIENCE))
                # Some say nothing, some begin a handshake that they do not end.
                connections[-1].send(b"\x16\x03\x01\x02\x00\x01" if i % 2 else b"")
            trust = ("--cacert", os.path.join(self.folder, "ca.pem"))
            for _ in range(3):
                self.assertEqual(self.curl(f"https://{HOST}:{port}/who", *trust), (200, b"nobody\n"))
        finally:
            for connection in connections:
                connection.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
