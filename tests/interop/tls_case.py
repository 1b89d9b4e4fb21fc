# SPDX-License-Identifier: Apache-2.0
"""What the tests of TLS share: our own peer (tls_peer) and other people's programs, run on 127.0.0.1 at ports that
the system chooses, watched line by line, and ended with the test that began them.

SVMS_TLS_PEER names tls_peer. Tools that are missing are said loudly and skip the tests that need them."""

import collections
import fcntl
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import termios
import threading
import time
import unittest

from tls_workshop import HOST, Workshop

PEER = os.environ["SVMS_TLS_PEER"]
# Longer than anything here takes on a machine that does ten other things.
PATIENCE = 60

Event = collections.namedtuple("Event", "kind number status words")


def say(message):
    print(f"NOTE: {message}", file=sys.stderr, flush=True)


def need(tool):
    """Skips the test, and says so, where a program is not installed."""
    if not shutil.which(tool):
        say(f"SKIPPED: {tool} is not installed (examples/packages.sh install test)")
        raise unittest.SkipTest(f"{tool} is not installed")
    return tool


def connect(port):
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)


class Program:
    """A running program. What it prints, on both channels, is kept and can be waited for."""

    def __init__(self, *command):
        self.arguments = command
        # Nobody's configuration of OpenSSL or curl decides what is tested.
        environment = {**os.environ, "OPENSSL_CONF": "/dev/null", "CURL_HOME": "/nonexistent"}
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, env=environment)
        self.text = b""
        self.changed = threading.Condition()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        while chunk := os.read(self.process.stdout.fileno(), 65536):
            with self.changed:
                self.text += chunk
                self.changed.notify_all()

    def __str__(self):
        return f"{' '.join(self.arguments)}\n{self.text.decode(errors='replace')}"

    def wait_until(self, condition, what):
        """Until condition() gives something; its value."""
        end = time.monotonic() + PATIENCE
        with self.changed:
            while True:
                # Asked before the condition: a program that has ended may have said it with its last words.
                over = not self.reader.is_alive()
                value = condition()
                if value:
                    return value
                if over or time.monotonic() > end:
                    raise AssertionError(f"{what} was waited for; {self}")
                self.changed.wait(0.1 if self.reader.is_alive() else 0)

    def wait_for(self, pattern):
        """Until what was printed matches; the match."""
        return self.wait_until(lambda: re.search(pattern, self.text.decode(errors="replace")), f"'{pattern}'")

    def send(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def command(self, line):
        """A line that s_client and s_server heed only when it is all that they read at once."""
        self.send(line)
        waiting = lambda: int.from_bytes(fcntl.ioctl(self.process.stdin, termios.FIONREAD, bytes(4)), sys.byteorder)
        self.wait_until(lambda: waiting() == 0, "that it reads")

    def end_input(self):
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass

    def finish(self):
        """Its exit status, and everything it said is in text."""
        self.end_input()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"does not end: {self}") from None
        self.reader.join(PATIENCE)
        return self.process.returncode

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.reader.join(PATIENCE)
        self.end_input()
        self.process.stdout.close()


class Peer(Program):
    """Ours; what it says are events."""

    def __init__(self, side, *options):
        super().__init__(PEER, side, *options)
        self.port = None
        if side == "server":
            self.port = int(self.wait_event("port").words)

    def events(self):
        lines = self.text.decode(errors="replace").split("\n")[:-1]
        parts = [line.split("\t", 3) for line in lines]
        return [Event(part[0], int(part[1]), part[2], part[3]) for part in parts if len(part) == 4]

    def find(self, *kinds, number=None):
        return [event for event in self.events()
                if event.kind in kinds and (number is None or event.number == number)]

    def wait_event(self, *kinds, number=None, count=1):
        """The count-th event of these kinds."""
        found = lambda: self.find(*kinds, number=number)
        self.wait_until(lambda: len(found()) >= count, f"{count} x {kinds}")
        return found()[count - 1]


class TlsCase(unittest.TestCase):
    """A test with the workshop's certificates, whose programs end with it."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="svms-tls-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.workshop = Workshop(cls.folder).fill()

    def path(self, name):
        return self.workshop.path(name)

    def run_program(self, *command):
        program = Program(*command)
        self.addCleanup(program.kill)
        return program

    def run_peer(self, side, *options):
        peer = Peer(side, *options)
        self.addCleanup(self._end_peer, peer)
        return peer

    def _end_peer(self, peer):
        """Ends it properly, so that a sanitizer looks for leaks, and hears what it said."""
        if peer.port is not None and peer.process.poll() is None:
            peer.process.terminate()
        try:
            status = peer.finish()
        finally:
            peer.kill()
        self.assertNotIn("Sanitizer", str(peer))
        self.assertIn(status, (0, 1, 2) if peer.port is None else (0,), peer)

    def own(self, name):
        return ["--cert", self.path(name + ".pem"), "--key", self.path(name + ".key")]

    def server(self, *options, cert="server", trust="root.pem"):
        return self.run_peer("server", *self.own(cert), *(["--trust", self.path(trust)] if trust else []), *options)

    def client(self, port, *options, cert="client", trust="root.pem", host=HOST):
        """Our client, which has ended: its last event says how."""
        parts = self.own(cert) if cert else []
        parts += ["--trust", self.path(trust)] if trust else []
        parts += ["--host", host] if host else []
        peer = self.run_peer("client", "--port", str(port), *parts, *options)
        peer.finish()
        self.assertIn(peer.events()[-1].kind, ("ended", "refused", "unusable"), peer)
        return peer

    def _openssl_own(self, name):
        parts = ["-cert", self.path(name + ".pem"), "-key", self.path(name + ".key")]
        if os.path.getsize(self.path(name + ".above")):
            parts += ["-cert_chain", self.path(name + ".above")]
        return parts

    def openssl_client(self, port, *options, cert="client", seclevel=None):
        need("openssl")
        parts = self._openssl_own(cert) if cert else []
        parts += ["-cipher", f"ALL:COMPLEMENTOFALL:@SECLEVEL={seclevel}"] if seclevel is not None else []
        return self.run_program("openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-servername", HOST,
                                "-CAfile", self.path("root.pem"), "-verify_return_error", "-verify_hostname", HOST,
                                *parts, *options)

    def openssl_server(self, *options, cert="server", verify=True):
        """s_server that turns each line around; its port."""
        need("openssl")
        parts = self._openssl_own(cert) if cert else ["-nocert"]
        parts += ["-CAfile", self.path("root.pem"), "-Verify", "4", "-verify_return_error"] if verify else []
        program = self.run_program("openssl", "s_server", "-accept", "127.0.0.1:0", *parts, *options)
        program.port = int(program.wait_for(r"ACCEPT \S*:(\d+)").group(1))
        return program

    def gnutls_server(self, *options, cert="server"):
        """gnutls-serv wants to be told a port; one that was free a moment ago is taken again until it works."""
        need("gnutls-serv")
        for _ in range(20):
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
            # Its echo gets lost behind tickets (3.7.9).
            program = self.run_program("gnutls-serv", "--echo", "--noticket", "--port", str(port), "--x509certfile",
                                       self.path(cert + ".pem"), "--x509keyfile", self.path(cert + ".key"), *options)
            said = program.wait_for(r"listening on IPv4 \S+ port \d+\.+(done)|(?i:error|failed|in use)")
            if said.group(1):
                program.port = port
                return program
            program.kill()
        return self.fail(f"gnutls-serv finds no port: {program}")

    def assert_said(self, event, kind, status, pattern):
        """That an event is as it must be, words included."""
        self.assertEqual((event.kind, event.status), (kind, status), event)
        self.assertRegex(event.words, pattern)


def main():
    """Exits with 77 when every test was skipped, which the build then shows."""
    program = unittest.main(verbosity=2, exit=False)
    result = program.result
    if not result.wasSuccessful():
        sys.exit(1)
    sys.exit(77 if result.testsRun and len(result.skipped) == result.testsRun else 0)
