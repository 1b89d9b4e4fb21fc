# SPDX-License-Identifier: Apache-2.0
"""What the tests of svms tls check share: an authority made of `openssl ca`, and servers on this machine."""

import datetime
import os
import re
import socket
import subprocess
import threading

CONFIG = """
[ca]
default_ca = here
[here]
dir = {folder}
database = {folder}/index.txt
rand_serial = yes
new_certs_dir = {folder}
default_md = sha256
policy = any
copy_extensions = none
email_in_dn = no
unique_subject = no
default_crl_days = 7
crlnumber = {folder}/crlnumber
[any]
commonName = supplied
[req]
distinguished_name = any
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:localhost, IP:127.0.0.1, IP:::1
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[elsewhere]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:elsewhere.example
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[role_server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth, 2.25.132330503438125610743018859333830030049.16
subjectAltName = DNS:localhost, IP:127.0.0.1
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[nameless]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth, 2.25.132330503438125610743018859333830030049.16
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[client]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[recorder]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = 2.25.132330503438125610743018859333830030049.2
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True, timeout=60)


def moment(days):
    """So many days from now, as openssl ca takes it; half an hour more, so that the days are whole ones."""
    when = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days, minutes=30)
    return when.strftime("%Y%m%d%H%M%SZ")


class Authority:
    """Keys and certificates NAME.key, NAME.csr and NAME.pem in a folder; its own is ca.pem."""

    def __init__(self, folder):
        os.mkdir(folder)
        self.folder = folder
        self.config = self.at("openssl.cnf")
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(CONFIG.format(folder=folder))
        for name, content in (("index.txt", ""), ("crlnumber", "01\n")):
            with open(self.at(name), "w", encoding="utf-8") as file:
                file.write(content)
        self.key("ca")
        openssl("req", "-new", "-x509", "-key", self.at("ca.key"), "-subj", "/CN=Test CA", "-days", "400",
                "-config", self.config, "-extensions", "root", "-out", self.at("ca.pem"))

    def at(self, name):
        return os.path.join(self.folder, name)

    def key(self, name, *kind):
        kind = kind or ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
        openssl("genpkey", *kind, "-out", self.at(name + ".key"))

    def request(self, name, *kind, subject=None):
        self.key(name, *kind)
        openssl("req", "-new", "-utf8", "-key", self.at(name + ".key"), "-subj", subject or f"/CN={name}",
                "-config", self.config, "-out", self.at(name + ".csr"))

    def issue(self, name, days=365, since=-400, extensions="server", digest="sha256", kind=(), subject=None):
        """The file of a certificate that ends so many days from now."""
        self.request(name, *kind, subject=subject)
        openssl("ca", "-batch", "-notext", "-utf8", "-config", self.config, "-cert", self.at("ca.pem"),
                "-keyfile", self.at("ca.key"), "-md", digest, "-extensions", extensions, "-startdate", moment(since),
                "-enddate", moment(days), "-in", self.at(name + ".csr"), "-out", self.at(name + ".pem"))
        return self.at(name + ".pem")

    def self_signed(self, name):
        self.key(name)
        openssl("req", "-new", "-x509", "-key", self.at(name + ".key"), "-subj", f"/CN={name}", "-days", "365",
                "-config", self.config, "-extensions", "server", "-out", self.at(name + ".pem"))
        return self.at(name + ".pem")

    def crl(self, name, *revoked, since=-1, days=6):
        for certificate in revoked:
            openssl("ca", "-config", self.config, "-cert", self.at("ca.pem"), "-keyfile", self.at("ca.key"), "-revoke",
                    self.at(certificate + ".pem"))
        openssl("ca", "-gencrl", "-config", self.config, "-cert", self.at("ca.pem"), "-keyfile", self.at("ca.key"),
                "-crl_lastupdate", moment(since), "-crl_nextupdate", moment(days), "-out", self.at(name))
        return self.at(name)


class Server:
    """openssl s_server with a certificate of an authority; stop() ends it. Its address is server.address."""

    def __init__(self, authority, name, *options, host="127.0.0.1"):
        bracketed = f"[{host}]" if ":" in host else host
        self.process = subprocess.Popen(
            ["openssl", "s_server", "-accept", f"{bracketed}:0", "-cert", authority.at(name + ".pem"), "-key",
             authority.at(name + ".key"), "-www", *options],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        port = None
        for line in self.process.stdout:
            found = re.match(r"ACCEPT .*:(\d+)$", line.strip())
            if found:
                port = found.group(1)
                break
        if port is None:
            raise RuntimeError("openssl s_server did not begin")
        self.address = f"{bracketed}:{port}"
        self.reader = threading.Thread(target=self.process.stdout.read, daemon=True)
        self.reader.start()

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.reader.join()
        self.process.stdout.close()


class Listener:
    """Anything that listens: behave(connection) is called for each that comes."""

    def __init__(self, behave):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.socket.getsockname()[1]}"
        self.behave = behave
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.handle, args=(connection,), daemon=True).start()

    def handle(self, connection):
        try:
            with connection:
                self.behave(connection)
        except OSError:
            pass

    def stop(self):
        self.socket.close()
