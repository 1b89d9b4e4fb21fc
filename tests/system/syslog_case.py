# SPDX-License-Identifier: Apache-2.0
"""What the tests of svms audit forward share: logs, a forwarder, and two receivers: a real rsyslog, and a TLS server
that takes frames apart by RFC 5425 and nothing else."""

import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time

from system_case import GOOD, LEAN_PROGRAM, SystemCase, TIMEOUT
from tls_check_case import Authority

RSYSLOGD = shutil.which("rsyslogd") or shutil.which("/usr/sbin/rsyslogd")
BOM = "\ufeff"

RSYSLOG = """
global(workDirectory="{folder}" maxMessageSize="64k" net.enableDNS="off"
       defaultNetstreamDriver="ossl" defaultNetstreamDriverCAFile="{ca}"
       defaultNetstreamDriverCertFile="{cert}" defaultNetstreamDriverKeyFile="{key}")
module(load="imtcp" streamDriver.name="ossl" streamDriver.mode="1" streamDriver.authMode="x509/name"
       permittedPeer=["forwarder"])
template(name="line" type="list" option.jsonf="on") {{
    property(outname="severity" name="syslogseverity" format="jsonf")
    property(outname="facility" name="syslogfacility" format="jsonf")
    property(outname="time" name="timereported" dateformat="rfc3339" format="jsonf")
    property(outname="host" name="hostname" format="jsonf")
    property(outname="app" name="app-name" format="jsonf")
    property(outname="process" name="procid" format="jsonf")
    property(outname="id" name="msgid" format="jsonf")
    property(outname="data" name="structured-data" format="jsonf")
    property(outname="message" name="msg" format="jsonf")
}}
input(type="imtcp" address="127.0.0.1" port="{port}" listenPortFileName="{folder}/port")
action(type="omfile" file="{folder}/received" template="line")
"""


class Rsyslog:
    """rsyslogd as an ordinary process, with a configuration, files and a port of its own."""

    def __init__(self, authority):
        self.folder = tempfile.mkdtemp(prefix="svms-rsyslog-")
        self.authority = authority
        self.port = 0
        self.process = None
        self.start()

    def at(self, name):
        return os.path.join(self.folder, name)

    def start(self):
        """On the port of before, where there was one."""
        with open(self.at("conf"), "w", encoding="utf-8") as file:
            file.write(RSYSLOG.format(folder=self.folder, port=self.port, ca=self.authority.at("ca.pem"),
                                      cert=self.authority.at("receiver.pem"), key=self.authority.at("receiver.key")))
        if os.path.exists(self.at("port")):
            os.remove(self.at("port"))
        with open(self.at("said"), "ab") as said:
            self.process = subprocess.Popen([RSYSLOGD, "-n", "-f", self.at("conf"), "-i", self.at("pid")],
                                            stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        end = time.monotonic() + 60
        while not self.port or not self.listens():
            if time.monotonic() > end or self.process.poll() is not None:
                with open(self.at("said"), encoding="utf-8", errors="replace") as said:
                    raise AssertionError("rsyslogd does not listen: " + said.read())
            time.sleep(0.05)
            if os.path.exists(self.at("port")):
                with open(self.at("port"), encoding="utf-8") as file:
                    self.port = int(file.read() or 0)

    def listens(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        except OSError:
            return False

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
        if self.process:
            self.process.wait()
        if os.path.exists(self.at("pid")):
            os.remove(self.at("pid"))

    def remove(self):
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def received(self):
        """Messages in the order in which they were stored. A kill may have left half a line."""
        found = []
        if os.path.exists(self.at("received")):
            with open(self.at("received"), encoding="utf-8", errors="replace") as file:
                for line in file:
                    try:
                        found.append(json.loads(line))
                    except ValueError:
                        pass
        return found


class Receiver:
    """Takes frames of RFC 5425 from one connection after the other, and is strict about them."""

    def __init__(self, authority, anchors=None, reads=True):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(authority.at("receiver.pem"), authority.at("receiver.key"))
        context.load_verify_locations(anchors or authority.at("ca.pem"))
        context.verify_mode = ssl.CERT_REQUIRED
        self.context = context
        self.reads = reads
        self.over = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        if not reads:
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.port = self.listener.getsockname()[1]
        self.connections = []  # lists of messages
        self.problems = []
        self.ends = []  # how each connection ended: True with a goodbye
        self.refused = 0
        self.open = None
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while True:
            try:
                plain, _ = self.listener.accept()
            except OSError:
                return
            try:
                with self.context.wrap_socket(plain, server_side=True) as connection:
                    self.open = connection
                    if self.reads:
                        self.take(connection)
                    else:
                        self.over.wait()
            except OSError:
                self.refused += 1

    def take(self, connection):
        waiting = b""
        messages = []
        self.connections.append(messages)
        goodbye = True
        while True:
            try:
                chunk = connection.recv(65536)
            except OSError:
                goodbye = False
                break
            if not chunk:
                break
            waiting = self.part(waiting + chunk, messages)
        self.ends.append(goodbye and not waiting)

    def part(self, waiting, messages):
        while b" " in waiting:
            length, rest = waiting.split(b" ", 1)
            if not length.isdigit() or length.startswith(b"0"):
                self.problems.append(waiting[:80])
                return b""
            if len(rest) < int(length):
                break
            messages.append(rest[:int(length)])
            waiting = rest[int(length):]
        return waiting

    def messages(self):
        return [message for connection in list(self.connections) for message in list(connection)]

    def drop(self):
        """Ends the connection without a word."""
        self.over.set()
        if self.open:
            try:
                self.open.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        self.drop()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(30)


class SyslogCase(SystemCase):
    @classmethod
    def setUpClass(cls):
        cls.shared = tempfile.mkdtemp(prefix="svms-system-")
        cls.addClassCleanup(shutil.rmtree, cls.shared, ignore_errors=True)
        cls.authority = Authority(os.path.join(cls.shared, "ca"))
        cls.authority.issue("receiver")
        cls.authority.issue("forwarder", extensions="client")
        cls.ca = cls.authority.at("ca.pem")

    def setUp(self):
        super().setUp()
        self.running = []
        self.addCleanup(self.stop_all)
        self.expect(GOOD, "audit", "create", "log", "--origin", "vms.example/audit")
        self.store("log.key", self.expect(GOOD, "audit", "key", "log").out.encode())

    def stop_all(self):
        for process in self.running:
            if process.poll() is None:
                process.kill()
            process.communicate()

    def receive(self, **options):
        receiver = Receiver(self.authority, **options)
        self.addCleanup(receiver.close)
        return receiver

    def append(self, *records):
        text = "".join(json.dumps(record) + "\n" for record in records)
        with open(self.store("records", text.encode()), "rb") as file:
            return self.expect(GOOD, "audit", "append", "log", stdin=file)

    def arguments(self, port, *extra, position="position", resend="2"):
        return ["audit", "forward", "log", "--to", f"127.0.0.1:{port}", "--ca", self.ca, "--cert",
                self.authority.at("forwarder.pem"), "--key", self.authority.at("forwarder.key"), "--position", position,
                "--resend", resend, "--log-key", "log.key", *extra]

    def forward(self, port, *extra, **options):
        """A forwarder that goes on until it is ended."""
        process = subprocess.Popen([LEAN_PROGRAM, *self.arguments(port, *extra, **options)], cwd=self.folder,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.running.append(process)
        return process

    def end(self, process, number=signal.SIGTERM):
        process.send_signal(number)
        out, err = process.communicate(timeout=TIMEOUT)
        self.assertNotIn("Sanitizer", err)
        return process.returncode, out, err

    def exported(self, form, *extra):
        return self.expect(GOOD, "audit", "export", "log", "--key", "log.key", "--format", form, *extra).out

    def exported_lines(self, form, *extra):
        """Only a line feed ends a line."""
        lines = self.exported(form, *extra).split("\n")
        self.assertEqual(lines.pop(), "")
        return lines

    def ids(self):
        """Of all records, in the order of the log."""
        return [json.loads(line)["id"] for line in self.exported_lines("jsonl")]

    def served(self, position="position"):
        lines = self.load(position).decode().splitlines()
        self.assertEqual((lines[0], len(lines)), ("svms audit position", 4))
        return int(lines[3])
