# SPDX-License-Identifier: Apache-2.0
"""Captures without raw sockets: what a test carried itself, written as packets of IPv4 into a file for tshark."""
import struct
import threading

RAW_IP = 101
UDP, TCP = 17, 6
ADDRESS = bytes([127, 0, 0, 1])
SEGMENT = 16000


class Capture:
    """A capture file (libpcap) that is being written."""

    def __init__(self, path):
        self.file = open(path, "wb")
        self.file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, RAW_IP))
        self.count = 0
        self.sequences = {}
        self.lock = threading.Lock()

    def _packet(self, protocol, body):
        header = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(body), self.count & 0xFFFF, 0, 64, protocol, 0, ADDRESS,
                             ADDRESS)
        total = len(header) + len(body)
        self.file.write(struct.pack("<IIII", 1700000000 + self.count // 1000, self.count % 1000 * 1000, total, total))
        self.file.write(header + body)
        self.count += 1

    def udp(self, source, destination, data):
        with self.lock:
            self._packet(UDP, struct.pack(">HHHH", source, destination, 8 + len(data), 0) + data)

    def tcp(self, source, destination, data):
        """A piece of the stream from one port to another, whose numbers go on."""
        with self.lock:
            for start in range(0, len(data), SEGMENT):
                piece = data[start:start + SEGMENT]
                sent = self.sequences.get((source, destination), 1)
                seen = self.sequences.get((destination, source), 1)
                self._packet(TCP, struct.pack(">HHIIBBHHH", source, destination, sent, seen, 0x50, 0x18, 65535, 0, 0)
                             + piece)
                self.sequences[source, destination] = (sent + len(piece)) & 0xFFFFFFFF

    def close(self):
        self.file.close()
