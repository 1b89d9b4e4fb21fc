# SPDX-License-Identifier: Apache-2.0
"""The little of ICE that a server with one address needs (RFC 8445 section 2.5): answers checks, passes on the rest."""
import binascii
import hashlib
import hmac
import select
import socket
import struct
import threading

MAGIC = 0x2112A442
REQUEST, SUCCESS = 0x0001, 0x0101
XOR_MAPPED_ADDRESS, MESSAGE_INTEGRITY, FINGERPRINT = 0x0020, 0x0008, 0x8028


def attribute(kind, value):
    return struct.pack(">HH", kind, len(value)) + value + bytes(-len(value) % 4)


def header(kind, size, transaction):
    return struct.pack(">HHI", kind, size, MAGIC) + transaction


def response(request, address, password):
    transaction = request[8:20]
    port = address[1] ^ (MAGIC >> 16)
    ip = struct.unpack(">I", socket.inet_aton(address[0]))[0] ^ MAGIC
    body = attribute(XOR_MAPPED_ADDRESS, struct.pack(">BBHI", 0, 1, port, ip))
    signed = header(SUCCESS, len(body) + 24, transaction) + body
    body += attribute(MESSAGE_INTEGRITY, hmac.new(password.encode(), signed, hashlib.sha1).digest())
    counted = header(SUCCESS, len(body) + 8, transaction) + body
    return counted + attribute(FINGERPRINT, struct.pack(">I", binascii.crc32(counted) ^ 0x5354554E))


class IceLite:
    """A socket for the peer; STUN ends here, all else goes on to a port of 127.0.0.1 and back."""

    def __init__(self, password):
        self.password, self.peer, self.behind = password, None, None
        self.front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.front.bind(("127.0.0.1", 0))
        self.back = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.back.bind(("127.0.0.1", 0))
        self.port = self.front.getsockname()[1]
        self.done = threading.Event()
        self.thread = threading.Thread(target=self._run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *unused):
        self.done.set()
        self.thread.join()
        self.front.close()
        self.back.close()

    def _hear_peer(self):
        data, address = self.front.recvfrom(65536)
        if data and data[0] < 4:
            if struct.unpack(">H", data[:2])[0] == REQUEST:
                self.peer = address
                self.front.sendto(response(data, address, self.password), address)
        elif self.behind:
            self.back.sendto(data, ("127.0.0.1", self.behind))

    def _run(self):
        while not self.done.is_set():
            for ready in select.select([self.front, self.back], [], [], 0.1)[0]:
                if ready is self.front:
                    self._hear_peer()
                elif self.peer:
                    self.front.sendto(self.back.recv(65536), self.peer)
                else:
                    self.back.recv(65536)
