#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Strangers at a camera's doors, while a recorder records it: connections that never become anything, and passwords that do
not hold. The recorder loses no picture, memory and what is written down stay bounded, and who may come still comes in."""

import collections
import concurrent.futures
import hashlib
import json
import os
import re
import socket
import ssl
import time

from camera_case import PASSWORD
from recorder_case import RecorderCase
from recorder_load import Usage
from system_case import GOOD, TIMEOUT, main, say

HALF_OPEN = 300
BAD_LOGINS = 10000
STRANGERS = 50
NAMES = ("admin", "root", "service", "onvif", "user")
MEMORY = 32 * 1024 * 1024
# The beginning of a handshake that says it is longer.
HALF_HELLO = bytes.fromhex("160301020001000001fc0303") + bytes(32)


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


class Door:
    """A connection over which somebody asks for the stream."""

    def __init__(self, camera, context, address="127.0.0.1"):
        self.url = camera.url
        self.number = 0
        plain = socket.create_connection(("127.0.0.1", camera.port), timeout=TIMEOUT, source_address=(address, 0))
        self.socket = context.wrap_socket(plain, server_hostname="127.0.0.1")
        self.stream = self.socket.makefile("rb")

    def close(self):
        self.stream.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def ask(self, *fields):
        """Status and fields of the answer to DESCRIBE, whose body is read over."""
        self.number += 1
        lines = [f"DESCRIBE {self.url} RTSP/1.0", f"CSeq: {self.number}", "Accept: application/sdp", *fields, "", ""]
        self.socket.sendall("\r\n".join(lines).encode())
        status = self.stream.readline()
        if not status:
            raise ConnectionError("closed")
        answer = {}
        while (line := self.stream.readline().decode().strip()):
            name, _, value = line.partition(": ")
            answer[name.lower()] = value
        self.stream.read(int(answer.get("content-length", "0")))
        return int(status.split()[1]), answer

    def log_in(self, name, password):
        """The status of a request with this login, for which a nonce is fetched first."""
        status, fields = self.ask()
        if status != 401:
            raise AssertionError(f"let in without a login: {status}")
        realm, nonce = (re.search(word + '="([^"]*)"', fields["www-authenticate"]).group(1) for word in ("realm", "nonce"))
        count, mine = "00000001", "0a4f113b"
        response = digest(":".join((digest(f"{name}:{realm}:{password}"), nonce, count, mine, "auth", digest(f"DESCRIBE:{self.url}"))))
        return self.ask(f'Authorization: Digest username="{name}", realm="{realm}", nonce="{nonce}", uri="{self.url}", '
                        f'algorithm=SHA-256, qop=auth, nc={count}, cnonce="{mine}", response="{response}"')[0]


class CameraAttackTest(RecorderCase):
    def setUp(self):
        super().setUp()
        self.camera_is = self.camera(audit="log")
        self.expect(GOOD, "audit", "create", self.path("entrance/log"), "--origin", "camera.test/1")
        self.store("its-password", (PASSWORD + "\n").encode())
        os.chmod(self.path("its-password"), 0o600)
        self.camera_is.task("--add-administrator", "admin", "--password-file", self.path("its-password"))
        self.camera_is.start()
        self.recorder_is = self.recorder(self.known_camera(self.camera_is)).start()
        self.records(self.recorder_is, "entrance", seconds=1)

    @staticmethod
    def address_of(number):
        """Of a stranger: limits are counted for each address, so there are many."""
        return f"127.0.1.{1 + number % STRANGERS}"

    def context(self, certificate=None):
        context = ssl.create_default_context(cafile=self.trust)
        if certificate:
            context.load_cert_chain(self.authority.at(certificate + ".pem"), self.authority.at(certificate + ".key"))
        return context

    def comes_in(self, certificate=None):
        """How often somebody with a right had to try: another recorder, or a person."""
        for attempt in range(1, 31):
            try:
                with Door(self.camera_is, self.context(certificate)) as door:
                    if (door.ask()[0] if certificate else door.log_in("admin", PASSWORD)) == 200:
                        return attempt
            except OSError:
                pass
            time.sleep(0.5)
        return self.fail("nobody is served any more")

    def told(self, event):
        """Records of the camera's own audit log."""
        lines = self.expect(GOOD, "audit", "query", self.path("entrance/log"), "--event", event, "--unverified", "--json").out
        return [json.loads(line)["record"] for line in lines.splitlines()]

    def written(self):
        """Bytes of all that the camera keeps."""
        return sum(os.lstat(os.path.join(folder, name)).st_size for folder, _, names in os.walk(self.camera_is.folder)
                   for name in names)

    def nothing_was_lost(self):
        recorder = self.recorder_is
        self.records(recorder, "entrance", seconds=2)
        recorder.stop()
        self.assertEqual(recorder.ask("SELECT count(*) FROM gaps"), [(0,)])
        self.assertEqual((len(recorder.events("camera.found")), recorder.events("camera.lost")), (1, []))
        verdict = self.verified(recorder, "entrance", "--camera-trust", self.trust, "--camera-signed", "--identity", self.opener)
        self.assertEqual((verdict["verdict"], verdict["missing"]), ("authentic", 0))
        self.assertEqual(verdict["camera"]["recorded"]["verdict"], "authentic")
        self.camera_is.stop()

    def half_open(self, number):
        """A connection that stays where it is: nothing said, half a handshake, half a head within TLS."""
        connection = socket.create_connection(("127.0.0.1", self.camera_is.port), timeout=TIMEOUT,
                                              source_address=(self.address_of(number), 0))
        if number % 10 < 9:
            if number % 2:
                connection.sendall(HALF_HELLO)
            return connection
        secure = self.context().wrap_socket(connection, server_hostname="127.0.0.1", do_handshake_on_connect=False)
        try:
            secure.settimeout(5)
            secure.do_handshake()
            secure.sendall(b"DESCRIBE rtsps://here/ RTSP/1.0\r\nCSeq:")
        except OSError:
            pass  # it was dropped already
        return secure

    def test_connections_that_become_nothing(self):
        usage = Usage(self.camera_is.process)
        before = usage.most_memory()
        held = []
        try:
            while len(held) < HALF_OPEN:
                held.append(self.half_open(len(held)))
            attempts = self.comes_in("recorder")
        finally:
            for connection in held:
                connection.close()
        grown = usage.most_memory() - before
        self.assertTrue(grown < MEMORY or not usage.measures_memory(), grown)
        say(f"{HALF_OPEN} half-open connections: served at attempt {attempts}, {grown / 1e6:.1f} MB more")
        self.nothing_was_lost()

    def wrong_logins(self, number, count):
        """Statuses of so many logins of one stranger."""
        statuses = collections.Counter()
        door = None
        while sum(statuses.values()) < count:
            try:
                door = door or Door(self.camera_is, self.context(), self.address_of(number))
                statuses[door.log_in(NAMES[number % len(NAMES)], f"guess {number} {sum(statuses.values())}")] += 1
            except OSError:
                # It was closed after so many that were wrong.
                if door:
                    door.close()
                door = None
        if door:
            door.close()
        return statuses

    def test_ten_thousand_wrong_passwords(self):
        usage = Usage(self.camera_is.process)
        before, kept = usage.most_memory(), self.written()
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            statuses = sum(pool.map(lambda number: self.wrong_logins(number, BAD_LOGINS // STRANGERS), range(STRANGERS)),
                           collections.Counter())
        self.assertEqual(statuses, {401: BAD_LOGINS})
        # A name that many have tried is closed for who has its password, too; certificates are not concerned.
        with Door(self.camera_is, self.context()) as door:
            self.assertEqual(door.log_in("admin", PASSWORD), 401)
        self.assertEqual(self.comes_in("recorder"), 1)
        grown = usage.most_memory() - before
        self.assertTrue(grown < MEMORY or not usage.measures_memory(), grown)
        failures, closed = self.told("login.failure"), self.told("account.locked")
        self.assertTrue(5 * len(NAMES) <= len(failures) <= BAD_LOGINS / 20, len(failures))
        self.assertGreaterEqual(len(closed), len(NAMES))
        self.assertLess(self.written() - kept, 4000000)
        for text in (json.dumps([failures, closed]), self.camera_is.said()):
            self.assertNotIn("guess", text)
            self.assertNotIn(PASSWORD, text)
        say(f"{BAD_LOGINS} wrong passwords: {len(failures)} failures and {len(closed)} closed logins on the record, "
            f"{grown / 1e6:.1f} MB more")
        self.nothing_was_lost()


if __name__ == "__main__":
    main()
