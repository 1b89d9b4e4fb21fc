# SPDX-License-Identifier: Apache-2.0
"""A time stamp authority made of `openssl ts`: its certificates, its answers, and a web server that gives them."""

import http.server
import os
import subprocess
import threading

CONFIG = """
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[tsa]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[ts]
default_tsa = stamps
[stamps]
dir = {folder}
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa-key.pem
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ordering = yes
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True, timeout=60)


class Authority:
    """Keys and certificates in a folder; anchors is the file of its CA certificate."""

    def __init__(self, folder, days="30"):
        os.mkdir(folder)
        self.folder = folder
        self.anchors = os.path.join(folder, "ca.pem")
        self.config = os.path.join(folder, "openssl.cnf")
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(CONFIG.format(folder=folder))
        with open(os.path.join(folder, "serial"), "w", encoding="utf-8") as file:
            file.write("01\n")
        at = lambda name: os.path.join(folder, name)
        for name in ("ca", "tsa"):
            openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", at(name + "-key.pem"))
        openssl("req", "-new", "-x509", "-key", at("ca-key.pem"), "-subj", "/CN=Test stamps CA", "-days", "60",
                "-config", self.config, "-extensions", "ca", "-out", self.anchors)
        openssl("req", "-new", "-key", at("tsa-key.pem"), "-subj", "/CN=Test stamps", "-config", self.config,
                "-out", at("tsa.csr"))
        openssl("x509", "-req", "-in", at("tsa.csr"), "-CA", self.anchors, "-CAkey", at("ca-key.pem"), "-set_serial", "7",
                "-days", days, "-extfile", self.config, "-extensions", "tsa", "-out", at("tsa.pem"))

    def answer(self, query_path, reply_path):
        openssl("ts", "-reply", "-config", self.config, "-section", "stamps", "-queryfile", query_path, "-out", reply_path)

    def serve(self):
        """A server on this machine; call shutdown() on what comes back. Its address is server.url."""
        authority = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                query = os.path.join(authority.folder, "query")
                reply = os.path.join(authority.folder, "reply")
                with open(query, "wb") as file:
                    file.write(self.rfile.read(int(self.headers["Content-Length"])))
                self.server.types.append(self.headers["Content-Type"])
                if self.path == "/nothing":
                    self.send_response(200)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                if self.path != "/":
                    self.send_error(404)
                    return
                authority.answer(query, reply)
                with open(reply, "rb") as file:
                    content = file.read()
                self.send_response(200)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *arguments):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.types = []
        server.url = f"http://127.0.0.1:{server.server_address[1]}/"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server
