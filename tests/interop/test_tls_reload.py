#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Certificate, key, trust and revocation lists are replaced while clients come, stay and go: no connection fails and no
byte is lost. The clients are Python's, which is OpenSSL by another hand."""

import random
import signal
import ssl
import threading

from cryptography.hazmat.primitives import serialization
from tls_case import HOST, PATIENCE, TlsCase, connect, main
from tls_workshop import pem_of

STAYING = 4
COMING = 4
RELOADS = 30


class Load:
    """Threads that talk to a server until they are told to stop; the first failure stops all."""

    def __init__(self, case, port):
        self.case = case
        self.port = port
        self.over = threading.Event()
        self.changed = threading.Condition()
        self.failures = []
        self.visits = 0
        self.exchanges = [0] * STAYING
        # The oldest certificate that whoever begins now may still be shown.
        self.generation = 0
        self.serials = {}
        self.threads = []

    def start(self):
        for number in range(STAYING):
            self._start(self._stay, number)
        for number in range(COMING):
            self._start(self._come_and_go, number)

    def _start(self, work, number):
        def guarded():
            try:
                work(number, random.Random(number))
            except Exception as error:  # whatever it is, the test must hear of it
                with self.changed:
                    self.failures.append(f"{work.__name__} {number}: {error!r}")
                    self.over.set()
                    self.changed.notify_all()

        thread = threading.Thread(target=guarded, daemon=True)
        self.threads.append(thread)
        thread.start()

    def _stay(self, number, dice):
        """One connection from the first moment to the last."""
        with self.case.open_tls(self.port, "client-b" if number == 0 else "client") as line:
            shown = line.getpeercert(True)
            while not self.over.is_set():
                exchange(line, dice)
                with self.changed:
                    self.exchanges[number] += 1
                    self.changed.notify_all()
            if line.getpeercert(True) != shown:
                raise AssertionError("the certificate of a standing connection changed")
            part(line)

    def _come_and_go(self, number, dice):
        while not self.over.is_set():
            with self.changed:
                oldest = self.generation
            version = ssl.TLSVersion.TLSv1_2 if dice.random() < 0.3 else ssl.TLSVersion.TLSv1_3
            with self.case.open_tls(self.port, "client", version) as line:
                shown = self.serials[line.getpeercert(True)]
                if shown < oldest:
                    raise AssertionError(f"certificate {shown} was shown, and {oldest} was loaded")
                exchange(line, dice)
                part(line)
            with self.changed:
                self.visits += 1
                self.changed.notify_all()

    def wait_for_progress(self):
        """Until everybody has got further; the threads set the pace, no clock does."""
        with self.changed:
            visits, exchanges = self.visits + 2 * COMING, [count + 1 for count in self.exchanges]
            done = lambda: self.failures or (self.visits >= visits and all(
                now >= wanted for now, wanted in zip(self.exchanges, exchanges)))
            if not self.changed.wait_for(done, PATIENCE):
                self.failures.append("nothing goes on any more")
        return not self.failures

    def stop(self):
        self.over.set()
        for thread in self.threads:
            thread.join(PATIENCE)
            if thread.is_alive():
                self.failures.append("a thread is stuck")


def exchange(line, dice):
    """Random bytes there and back, compared."""
    data = dice.randbytes(dice.randrange(1, 20000))
    line.sendall(data)
    back = b""
    while len(back) < len(data):
        chunk = line.recv(65536)
        if not chunk:
            raise AssertionError(f"the connection ended after {len(back)} of {len(data)} bytes")
        back += chunk
    if back != data:
        raise AssertionError("other bytes came back")


def part(line):
    """Goodbye from both sides."""
    line.unwrap().close()


class ReloadUnderLoad(TlsCase):
    def open_tls(self, port, cert, version=ssl.TLSVersion.TLSv1_3):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = context.maximum_version = version
        context.load_verify_locations(self.path("root.pem"))
        context.load_cert_chain(self.path(cert + ".pem"), self.path(cert + ".key"))
        return context.wrap_socket(connect(port), server_hostname=HOST)

    def new_generation(self, load, number):
        """Another certificate and key, a trust file and lists that changed."""
        certificate = self.workshop.store("live", key=("P-256", "Ed25519")[number % 2])
        load.serials[certificate.public_bytes(serialization.Encoding.DER)] = number
        shop = self.workshop
        others = pem_of(shop.stranger.certificate) if number % 2 else b""
        shop.write("live-trust.pem", pem_of(shop.root.certificate) + others)
        shop.write("live-lists.pem", shop.root.crl() + shop.middle.crl())

    def assert_turned_away(self, port, cert):
        """A client that is refused hears it at the handshake or at its first read (TLS 1.3)."""
        with self.assertRaises((ssl.SSLError, ConnectionError)) as caught:
            with self.open_tls(port, cert) as line:
                line.sendall(b"let me in\n")
                self.assertEqual(line.recv(10), b"", "bytes came back")
                raise ConnectionError("closed without an alert")
        return str(caught.exception)

    def run_load(self, *options):
        self.workshop.middle.revoked.clear()
        self.workshop.store("client-b", purposes=("client",), names=())
        load = Load(self, 0)
        self.new_generation(load, 0)
        server = self.run_peer("server", *self.own("live"), "--trust", self.path("live-trust.pem"), "--crl",
                               self.path("live-lists.pem"), "--need-revocation", "--tls12", *options)
        load.port = server.port
        load.start()
        try:
            going = load.wait_for_progress()
            for number in range(1, RELOADS + 1):
                if not going:
                    break
                if number == RELOADS // 2:
                    self.workshop.middle.revoke(self.workshop.certificates["client-b"])
                self.new_generation(load, number)
                server.process.send_signal(signal.SIGHUP)
                server.wait_event("reloaded", "kept", count=number)
                with load.changed:
                    load.generation = number
                going = load.wait_for_progress()
            if going:
                self.assertIn("revoked", self.assert_turned_away(server.port, "client-b"))
        finally:
            load.stop()
        return server, load

    def check_load(self, *options):
        server, load = self.run_load(*options)
        self.assertEqual(load.failures, [], server)
        self.assertEqual(server.find("kept", "unusable"), [])
        self.assertEqual(len(server.find("reloaded")), RELOADS)
        refused = server.find("refused")
        self.assertEqual([event.status for event in refused], ["untrusted"], refused)
        self.assertIn("revoked", refused[0].words)
        # Everybody else came and went in peace.
        accepted = len(server.find("accepted"))
        ended = server.wait_until(lambda: len(server.find("ended")) == accepted and server.find("ended"), "all ends")
        self.assertEqual({event.status for event in ended}, {"end"})
        self.assertEqual(accepted, load.visits + STAYING)
        self.assertGreaterEqual(load.visits, 2 * COMING * RELOADS)
        print(f"{RELOADS} reloads, {load.visits} visits, {sum(load.exchanges)} exchanges on standing connections")

    def test_bytes_taken_by_the_library(self):
        self.check_load()

    def test_bytes_carried_by_the_caller(self):
        self.check_load("--memory", "--tickets")


class BadReload(TlsCase):
    """A reload that fails changes nothing."""

    def shown(self, port):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(self.path("root.pem"))
        context.load_cert_chain(self.path("client.pem"), self.path("client.key"))
        with context.wrap_socket(connect(port), server_hostname=HOST) as line:
            line.sendall(b"hello\n")
            self.assertEqual(line.recv(6), b"hello\n")
            return line.getpeercert(True)

    def test_the_old_certificate_stays(self):
        shop = self.workshop
        shop.store("live")
        good = {name: self.load(name) for name in ("live.pem", "live.key")}
        shop.write("live-trust.pem", self.load("root.pem"))
        shop.write("live-lists.pem", self.load("lists.pem"))
        server = self.run_peer("server", *self.own("live"), "--trust", self.path("live-trust.pem"), "--crl",
                               self.path("live-lists.pem"))
        before = self.shown(server.port)
        cases = [("live.key", self.load("server.key"), "key"), ("live.pem", b"nonsense\n", "certificate"),
                 ("live.key", b"", "key"), ("live-trust.pem", b"nonsense\n", "certificate"),
                 ("live-lists.pem", b"nonsense\n", "list"), ("live.pem", self.load("server-sha1.pem"), "key|SHA"),
                 ("live.pem", self.load("server-rsa1024.pem"), "key|1024|weak")]
        for count, (name, content, words) in enumerate(cases, 1):
            with self.subTest(name=name, content=content[:30]):
                kept = self.load(name)
                shop.write(name, content)
                server.process.send_signal(signal.SIGHUP)
                event = server.wait_event("reloaded", "kept", count=count)
                self.assertEqual(event.kind, "kept", event)
                # What is wrong was said, with the file or by the context.
                said = " ".join(line.words for line in server.find("unusable", "kept")[-2:])
                self.assertRegex(said, f"(?i){words}")
                self.assertEqual(self.shown(server.port), before)
                shop.write(name, kept)
        self.assertEqual({name: self.load(name) for name in good}, good)
        server.process.send_signal(signal.SIGHUP)
        server.wait_event("reloaded")

    def load(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()


if __name__ == "__main__":
    main()
