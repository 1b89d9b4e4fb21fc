# SPDX-License-Identifier: Apache-2.0
"""ONVIF Streaming, "JPEG over RTP", in Python: pictures to packets and packets to pictures, written from its text and from
RFC 2435 alone."""
import struct

SOI, EOI, SOS, DQT, DHT, DRI = 0xD8, 0xD9, 0xDA, 0xDB, 0xC4, 0xDD
FIRST, LATER, REPLAY = 0xFFD8, 0xFFFF, 0xABAC
FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


class Picture:
    """Segments before the scan as (marker, bytes with marker and length), and the scan without EOI."""

    def __init__(self, data):
        assert data[:2] == b"\xff\xd8"
        self.segments, at = [], 2
        while not self.segments or self.segments[-1][0] != SOS:
            while data[at:at + 2] == b"\xff\xff":
                at += 1
            size = struct.unpack_from(">H", data, at + 2)[0]
            self.segments.append((data[at + 1], data[at:at + 2 + size]))
            at += 2 + size
        self.scan = data[at:data.rindex(b"\xff\xd9")]
        frame = next(bytes_ for marker, bytes_ in self.segments if marker in FRAMES)
        self.height, self.width = struct.unpack_from(">HH", frame, 5)
        self.type = {0x21: 0, 0x22: 1}.get(frame[11], 1)
        self.interval = next((struct.unpack_from(">H", bytes_, 4)[0] for marker, bytes_ in self.segments
                              if marker == DRI), 0)

    def said(self, without=()):
        return b"".join(bytes_ for marker, bytes_ in self.segments if marker not in without)


def padded(segments):
    """Whole words, with fill bytes in front of SOS or at the end."""
    fill = b"\xff" * (-len(segments) % 4)
    at = segments.rfind(b"\xff\xda")
    return segments + fill if at < 0 else segments[:at] + fill + segments[at:]


class Packets:
    """Packets of one stream, framed for rtp_peer unpack."""

    def __init__(self, most=1200, replay=False):
        self.most, self.replay, self.sequence, self.time, self.out = most, replay, 7, 1000, []

    def add(self, payload, marker, profile=0, extension=b""):
        head = b""
        assert len(extension) % 4 == 0
        if profile:
            head = struct.pack(">HH", profile, len(extension) // 4) + extension
        if self.replay:
            head = struct.pack(">HHQBBH", REPLAY, 3 + len(head) // 4, 0xEEAD3BA080000000, 0x80, 1, 0) + head
        packet = struct.pack(">BBHII", 0x90 if head else 0x80, marker << 7 | 96, self.sequence, self.time, 1) + head
        self.sequence += 1
        self.out.append(packet + payload)

    def picture(self, picture, extension, sides=None, q=0, tables=b"", tail=b"", header_in_all=False):
        """extension: what stands in 0xFFD8, cut to 100 bytes a packet; tail: in 0xFFFF of the last packet."""
        width, height = sides if sides is not None else ((picture.width + 7) // 8, (picture.height + 7) // 8)
        kind = picture.type + (64 if picture.interval else 0)
        restart = struct.pack(">HH", picture.interval, 0xFFFF) if picture.interval else b""

        def header(offset):
            again = struct.pack(">BBH", 0, 0, len(tables)) + tables if offset == 0 and q >= 128 else b""
            return struct.pack(">IBBBB", offset, kind, q, width, height) + restart + again

        parts = [extension[at:at + 100] for at in range(0, len(extension), 100)] or [b""]
        offset = 0
        for number, part in enumerate(parts):
            profile, last = LATER if number else FIRST, number + 1 == len(parts)
            scan = picture.scan[:300] if last and not header_in_all else b""
            self.add(header(0) + scan if not number or last or header_in_all else b"", 0, profile, part)
            offset += len(scan)
        while offset < len(picture.scan):
            part = picture.scan[offset:offset + self.most - 60]
            done = offset + len(part) == len(picture.scan)
            self.add(header(offset) + part, done and not tail)
            offset += len(part)
        if tail:
            self.add(b"", 1, LATER, tail)
        self.time += 9000

    def framed(self):
        return b"".join(b"D" + struct.pack(">H", len(packet)) + packet for packet in self.out)


def pictures_of(packets):
    """What a receiver makes of packets in which every picture brings all of its segments."""
    out, segments, scan, collecting, first = [], b"", b"", True, True
    for packet in packets:
        at, profile, extension = 12, 0, b""
        if packet[0] & 0x10:
            profile, words = struct.unpack_from(">HH", packet, at)
            extension, at = packet[at + 4:at + 4 + 4 * words], at + 4 + 4 * words
            if profile == REPLAY:
                profile, words = struct.unpack_from(">HH", extension, 12) if len(extension) > 12 else (0, 0)
                extension = extension[16:16 + 4 * words]
        assert profile == (FIRST if first else profile if profile in (0, LATER) else None), "a picture begins wrongly"
        payload = packet[at:]
        if payload:
            offset, kind, q = struct.unpack(">I", b"\0" + payload[1:4])[0], payload[4], payload[5]
            assert q == 0 and offset == len(scan), "not the offset that it has without the extension"
            payload = payload[12 if 64 <= kind < 128 else 8:]
        else:
            assert profile == LATER, "only segments may come without a header"
        if collecting:
            segments += extension
        else:
            scan += extension
        collecting = collecting and not payload
        scan, first = scan + payload, False
        if packet[1] & 0x80:
            out.append(b"\xff\xd8" + segments + scan + b"\xff\xd9")
            segments, scan, collecting, first = b"", b"", True, True
    assert first, "a picture has no end"
    return out
