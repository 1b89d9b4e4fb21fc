#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""svms rtsp serve and libcurl, the one RTSP client of others here that answers Digest with SHA-256 and shows tokens. It
speaks no RTSPS; a tunnel puts its bytes into TLS."""

import ctypes
import ctypes.util
import os
import re
import socket
import ssl
import sys
import threading

from system_case import TIMEOUT, main, say
from test_rtsp_tokens import TokenCase

URL, USERPWD, BEARER, STREAM_URI = 10002, 10005, 10220, 10191
WRITE_FUNCTION, RTSP_REQUEST, HTTP_AUTH, TIME_LIMIT, NO_SIGNAL, HEADER_FUNCTION = 20011, 189, 107, 13, 99, 20079
RESPONSE_CODE = 0x200002
DESCRIBE = 2
AUTH_DIGEST, AUTH_BEARER = 2, 64
WRITER = ctypes.CFUNCTYPE(ctypes.c_size_t, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t, ctypes.c_void_p)


def load_curl():
    """libcurl, or None where it is not there or has no RTSP."""
    name = ctypes.util.find_library("curl") or ctypes.util.find_library("curl-gnutls")
    if not name:
        return None
    curl = ctypes.CDLL(name)
    curl.curl_version.restype = ctypes.c_char_p
    curl.curl_easy_init.restype = ctypes.c_void_p
    curl.curl_easy_perform.argtypes = curl.curl_easy_cleanup.argtypes = [ctypes.c_void_p]
    curl.curl_easy_strerror.restype = ctypes.c_char_p
    return curl


class Tunnel:
    """A port whose connections go on within TLS, with a certificate of the client's if there is one."""

    def __init__(self, port, trust, certificate=None):
        self.port = port
        self.context = ssl.create_default_context(cafile=trust)
        self.context.check_hostname = False
        if certificate:
            self.context.load_cert_chain(certificate + ".pem", certificate + ".key")
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            try:
                far = self.context.wrap_socket(socket.create_connection(("127.0.0.1", self.port), timeout=TIMEOUT))
            except OSError:
                near.close()
                continue
            back = threading.Thread(target=self.carry, args=(far, near), daemon=True)
            back.start()
            self.carry(near, far)
            back.join()
            near.close()
            far.close()

    @staticmethod
    def carry(source, target):
        try:
            data = source.recv(65536)
            while data:
                target.sendall(data)
                data = source.recv(65536)
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        self.listener.close()


class CurlTest(TokenCase):
    def setUp(self):
        super().setUp()
        secret = self.store("secret", b"of the camera\n")
        os.chmod(secret, 0o600)
        self.user = ["--user", "berta", "--user-password-file", secret]

    def describe(self, url, certificate=None, **options):
        """Status, header lines and body of libcurl's DESCRIBE."""
        port = int(re.search(r":(\d+)/", url)[1])
        if url.startswith("rtsps"):
            tunnel = Tunnel(port, self.trust, certificate and self.authority.at(certificate))
            self.addCleanup(tunnel.close)
            port = tunnel.listener.getsockname()[1]
        address = f"rtsp://127.0.0.1:{port}/live".encode()
        heads, bodies = [], []

        def taker(into):
            def take(data, size, count, _):
                into.append(ctypes.string_at(data, size * count))
                return size * count
            return WRITER(take)

        easy = CURL.curl_easy_init()
        kept = [taker(heads), taker(bodies)]
        texts = {URL: address, STREAM_URI: address, **{key: value.encode() for key, value in options.get("texts", {}).items()}}
        numbers = {RTSP_REQUEST: DESCRIBE, TIME_LIMIT: TIMEOUT, NO_SIGNAL: 1, HTTP_AUTH: options.get("auth", 0)}
        try:
            for key, value in texts.items():
                CURL.curl_easy_setopt(ctypes.c_void_p(easy), ctypes.c_int(key), ctypes.c_char_p(value))
            for key, value in numbers.items():
                CURL.curl_easy_setopt(ctypes.c_void_p(easy), ctypes.c_int(key), ctypes.c_long(value))
            for key, value in ((HEADER_FUNCTION, kept[0]), (WRITE_FUNCTION, kept[1])):
                CURL.curl_easy_setopt(ctypes.c_void_p(easy), ctypes.c_int(key), value)
            code = CURL.curl_easy_perform(easy)
            self.assertEqual(code, 0, CURL.curl_easy_strerror(code))
            status = ctypes.c_long(0)
            CURL.curl_easy_getinfo(ctypes.c_void_p(easy), ctypes.c_int(RESPONSE_CODE), ctypes.byref(status))
        finally:
            CURL.curl_easy_cleanup(easy)
        return status.value, b"".join(heads).decode(), b"".join(bodies).decode()

    def asked(self, url, password):
        return self.describe(url, auth=AUTH_DIGEST, texts={USERPWD: "berta:" + password})

    def shown(self, url, token, certificate=None):
        with open(token, encoding="ascii") as file:
            return self.describe(url, certificate, auth=AUTH_BEARER, texts={BEARER: file.read().strip()})

    def test_digest_with_sha_256_within_tls(self):
        url = self.camera("--loop", *self.user)
        status, heads, body = self.asked(url, "of the camera")
        self.assertEqual(status, 200, heads)
        self.assertIn("algorithm=SHA-256", heads)
        self.assertNotIn("MD5", heads)
        self.assertIn("m=video", body)
        self.assertEqual(self.asked(url, "of another")[0], 401)

    def test_tokens_within_tls(self):
        url = self.camera("--loop", *self.believed, "--client-ca", self.trust)
        status, heads, body = self.shown(url, self.token())
        self.assertEqual(status, 200, heads)
        self.assertIn("m=video", body)
        bound = self.token("--certificate", self.authority.at("anna.pem"))
        self.assertEqual(self.shown(url, bound, "anna")[0], 200)
        self.assertEqual(self.shown(url, bound, "berta")[0], 401)
        self.assertEqual(self.shown(url, bound)[0], 401)


if __name__ == "__main__":
    CURL = load_curl()
    if not CURL:
        say("libcurl is not here: no foreign client asks with SHA-256 or a token")
        sys.exit(77)
    main()
