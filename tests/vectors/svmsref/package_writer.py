# SPDX-License-Identifier: Apache-2.0
"""Writes evidence packages and proofs from containers of the writer of this package.

Like the writer of containers it is deterministic when its random bytes are, and passes what it
made through hook(stage, value, **context) before it is sealed, hashed or signed.
"""

import json
import struct
from dataclasses import dataclass, field, replace

from cryptography.hazmat.primitives.serialization import Encoding

from . import access
from . import carried
from . import case as cs
from . import constants as c
from . import frames as f
from . import header as h
from . import leaves as lv
from . import links as ln
from . import objects as o
from . import signing
from . import timestamp
from .primitives import SystemRandom, seal, sha256
from .samples import parse_body
from .wire import body_of, parse_record_header
from .writer import no_hook

NO_TIME = c.NO_TIME


@dataclass
class Part:
    """A segment of a container, and where its records stand."""

    number: int
    offset: int
    manifest_offset: int
    end: int
    manifest: object
    signed: bool
    records: list = field(default_factory=list)  # RecordHeader

    @property
    def hash_range(self):
        return self.manifest_offset, self.end


class Anatomy:
    """A container taken apart, nothing of it verified."""

    def __init__(self, data):
        self.data = data
        self.header = h.parse_trusted_part(data)
        h.parse_rest(self.header)
        position = len(self.header.raw)
        if self.header.signed:
            position = parse_record_header(data, position).end
        self.header_end = position
        if self.header.key_check is not None:
            position += 2 * self.header.slot_size
        self.segments, self.behind, self.end_offset = [], [], None
        self._walk(position)

    def _walk(self, position):
        while position < len(self.data):
            record = parse_record_header(self.data, position)
            if record.type == c.START:
                position = self._segment(position)
            elif record.type == c.END:
                self.end_offset = position
                return
            else:
                self.behind.append(record)
                position = record.end

    def _segment(self, position):
        records, offset = [], position
        while True:
            record = parse_record_header(self.data, position)
            if record.type == c.MANIFEST:
                break
            records.append(record)
            position = record.end
        _, manifest = o.parse_manifest(body_of(self.data, record), 0)
        part = Part(manifest.segment, offset, position, record.end, manifest, False, records)
        if self.data[record.end : record.end + 1] == bytes([c.SIGNATURE]):
            own = parse_record_header(self.data, record.end)
            number = int.from_bytes(self.data[own.body_offset + 4 : own.body_offset + 12], "big")
            if own.number == 0 and number == part.number:
                part.end, part.signed = own.end, True
        self.segments.append(part)
        return part.end

    def hash_of(self, number):
        part = self.segments[number]
        return sha256(self.data[part.manifest_offset : part.end])


@dataclass
class Piece:
    """A frame before it is sealed."""

    kind: int
    number: int = 0
    origin: int = 0
    a: bytes = b""
    b: bytes = b""
    c: bytes = b""
    flags: int = 0
    seal_b: bool | None = None  # None: as E-FRM-5 says
    first_utc: int = NO_TIME
    last_utc: int = NO_TIME


@dataclass
class SourceOptions:
    """What is taken from a container. container: (bytes, its writer)."""

    container: tuple
    start: int = c.NO_TIME
    stop: int = c.NO_TIME
    removed: tuple = ()
    secrets: bool = True
    before: bool = True  # manifest before the first segment
    behind: bool = True  # manifest behind the last, and until a signature
    path: bool = False  # index records to the first segment
    end: bool | None = None  # None: when the last segment is the container's last
    stamps: bool = False  # evidence in segments behind
    segments: list | None = None  # numbers, instead of what the period says
    unverified: tuple = ()
    presented: tuple | None = None  # of a proof: tracks whose samples are in the presentation


@dataclass
class Attachment:
    name: str
    content: bytes
    media_type: str | None = None
    description: str | None = None
    derivation: dict | None = None


@dataclass
class LinkOptions:
    chain: list
    key: object
    role: int = ln.EXPORTER
    utc: int = 0
    note: str = ""
    policy: int = 0
    authority: object = None  # of writer.Authority


@dataclass
class PackageOptions:
    """What a package is."""

    kind: int = f.PACKAGE
    created_utc: int = 0
    software: str = "svmsref"
    password: str | None = None
    log2_n: int = 10
    recipients: list = field(default_factory=list)
    slot_size: int | None = None
    minor: int = 0
    compatible: int = 0
    texts: dict = field(default_factory=dict)  # members of the case
    presentation: dict | None = None  # member of the case, without size and digest
    presented: bytes = b""  # the presentation itself

    @property
    def sealed(self):
        return self.password is not None or bool(self.recipients)


class PackageWriter:
    """source() and attach() as often as needed, then finish(), then link()."""

    def __init__(self, options, random=None, hook=no_hook):
        self.options = options
        self.random = random or SystemRandom()
        self.hook = hook
        self.out = bytearray()
        self.entries, self.place = [], 0
        self.before = (0, bytes(32))
        self.sources, self.attachments = [], []
        self.links = []
        self.keys = None
        self._write_header()

    # ---- header and slot ----

    def _write_header(self):
        opt = self.options
        self.package_id, self.key = self.random(16), self.random(32)
        fields = f.PackageHeader(opt.kind, package_id=self.package_id, minor=opt.minor)
        fields.created_utc, fields.compatible = opt.created_utc, opt.compatible
        fields.software = opt.software.encode("ascii")
        if opt.sealed:
            fields.sealed, fields.slot_size = 1, opt.slot_size or self._planned_slot()
            fields.key_check = f.key_check(self.key, self.package_id)
        self.header = self.hook("package_header", fields)
        raw = self.hook("package_header_bytes", self.header.pack())
        self.header_hash = sha256(raw)
        self.out += raw
        self.slot = self._slot() if opt.sealed else b""
        self.out += self.slot

    def _planned_slot(self):
        sizes = [68] if self.options.password is not None else []
        for one in self.options.recipients:
            if isinstance(one, access.Kek):
                sizes.append(56)
            elif isinstance(one, access.rsa.RSAPublicKey):
                sizes.append(16 + one.key_size // 8)
            else:
                x25519 = access.hpke.kem_of(one) == access.hpke.KEM_X25519
                sizes.append(96 if x25519 else 129)
        return access.slot_size_for([(0, bytes(size)) for size in sizes])

    def _slot(self):
        opt, stanzas = self.options, []
        self.keys = f.PackageKeys(self.key, self.header_hash)
        if opt.password is not None:
            arguments = (opt.password, opt.log2_n, self.header_hash, self.key, self.random)
            stanzas.append(access.password_stanza(*arguments))
        for one in opt.recipients:
            if isinstance(one, access.Kek):
                stanzas.append(access.kek_stanza(one, self.key))
            else:
                arguments = (one, self.header_hash, self.key, self.random)
                stanzas.append(access.public_key_stanza(*arguments))
        slot = access.SlotFields(self.package_id, stanzas, mac_key=self.keys.access)
        slot = self.hook("slot", slot)
        packed = access.pack_slot(slot, self.header.slot_size, self.random)
        return self.hook("slot_bytes", packed)

    # ---- frames ----

    def _emit(self, piece):
        """Seal and write one frame."""
        piece = self.hook("piece", piece, place=self.place)
        sealed = piece.seal_b
        if sealed is None:
            sealed = bool(self.keys) and piece.kind in (f.FRAGMENT, f.ATTACHMENT, f.CASE)
        sealed = sealed and piece.b != b"" and self.keys is not None
        flags = piece.flags | (f.SEALED if sealed else 0)
        tag = c.TAG if piece.a and self.keys else 0
        size_b = len(piece.b)
        if sealed:
            size_b += c.TAG * -(-size_b // f.BODY_CHUNK)
        head = f.FrameHeader(piece.kind, flags, len(piece.a) + tag, len(piece.c), size_b,
                             piece.number, piece.origin)  # fmt: skip
        head = self.hook("frame_header", head, place=self.place)
        raw, a, b = head.pack(), piece.a, piece.b
        if a and self.keys:
            a = seal(self.keys.secrets(self.place), f.ZERO_NONCE, raw, a)
        if sealed:
            b = f.seal_body(self.keys.body(self.place), raw, b)
        a, b = self.hook("sealed", (a, b), place=self.place, head=raw)
        covered = piece.kind == f.SEGMENT and not flags & (f.SEALED | f.UNVERIFIED)
        digest = sha256(raw, a, piece.c) if covered else sha256(raw, a, b, piece.c)
        times = (piece.first_utc, piece.last_utc)
        entry = f.Entry(len(self.out), piece.number, piece.origin, *times, piece.kind, flags, digest)
        self.entries.append(self.hook("entry", entry, place=self.place))
        frame = self.hook("frame", raw + a + b + piece.c, place=self.place, kind=piece.kind)
        self.out += frame
        self.place += 1
        if len(self.entries) == self.hook("fanout", c.FANOUT, first=not self.before[0]):
            self._write_directory()

    def _write_directory(self):
        offset = len(self.out)
        entries = self.hook("entries", self.entries, offset=offset)
        before = self.hook("before", self.before, offset=offset)
        content = struct.pack(">Q", before[0]) + before[1]
        content += b"".join(entry.pack() for entry in entries)
        head = f.FrameHeader(f.DIRECTORY, 0, 0, len(content), 0, len(entries))
        head = self.hook("directory_header", head, offset=offset)
        raw = self.hook("directory", head.pack() + content, offset=offset)
        self.out += raw
        self.before = (offset, sha256(raw))
        self.entries = []
        self.place += 1

    # ---- sources ----

    def _chosen(self, anatomy, opt):
        if opt.segments is not None:
            return opt.segments
        stop = 2**63 if opt.stop == c.NO_TIME else opt.stop
        return [
            one.number for one in anatomy.segments
            if one.manifest.first_utc < stop and one.manifest.last_utc > opt.start
        ]  # fmt: skip

    def _secrets(self, anatomy, opt, part):
        writer = opt.container[1]
        if not opt.secrets or writer.content_key is None:
            return b""
        out = b""
        for entry in part.manifest.entries:
            if entry.track == c.AUXILIARY or entry.track in opt.removed:
                continue
            if opt.presented is not None and entry.track not in opt.presented:
                continue
            if anatomy.header.tracks[entry.track].protection != c.NONE:
                secret = writer.keys.track_secret(part.number, entry.track, part.manifest.salt)
                out += bytes([entry.track]) + secret
        return out

    def _leaves(self, anatomy, opt, part):
        """Part B of a leaves frame, and the samples of the presentation."""
        out = b""
        for record in part.records:
            raw = anatomy.data[record.offset : record.end]
            if record.type != c.SAMPLE:
                out += lv.pack_entry(lv.RECORD, c.AUXILIARY, raw)
            elif record.track in opt.removed:
                continue
            elif record.track in opt.presented:
                protection = anatomy.header.tracks[record.track].protection
                table = parse_body(protection, record, body_of(anatomy.data, record)).table
                content = record.raw + table + sha256(b"\0", raw)
                out += lv.pack_entry(lv.SAMPLE, record.track, content)
            else:
                out += lv.pack_entry(lv.HASH, record.track, sha256(b"\0", raw))
        return out

    def _segment_piece(self, anatomy, opt, number):
        part, data = anatomy.segments[number], anatomy.data
        piece = Piece(f.SEGMENT, number, part.offset, self._secrets(anatomy, opt, part))
        piece.c = data[part.manifest_offset : part.end]
        gone = [one for one in part.manifest.entries if one.track in opt.removed]
        piece.flags = f.REMOVED if gone else 0
        if number in opt.unverified:
            piece.flags |= f.UNVERIFIED
        piece.first_utc, piece.last_utc = part.manifest.first_utc, part.manifest.last_utc
        strong = all(one.protection == c.STRONG for one in anatomy.header.tracks)
        piece.seal_b = self.keys is not None and not strong
        if self.options.kind == f.PROOF:
            piece.kind, piece.seal_b = f.LEAVES, False
            piece.b = self._leaves(anatomy, opt, part)
            return piece
        piece.b = b"".join(
            data[record.offset : record.end] for record in part.records
            if record.type != c.SAMPLE or record.track not in opt.removed
        )  # fmt: skip
        return piece

    def _manifest_piece(self, anatomy, number):
        part = anatomy.segments[number]
        piece = Piece(f.MANIFEST, number, part.manifest_offset)
        piece.c = anatomy.data[part.manifest_offset : part.end]
        piece.first_utc, piece.last_utc = part.manifest.first_utc, part.manifest.last_utc
        return piece

    @staticmethod
    def _record_piece(anatomy, number, record):
        raw = anatomy.data[record.offset : record.end]
        return Piece(f.RECORD, number, record.offset, c=raw)

    def _late_pieces(self, anatomy, bare):
        """Records that hold the late signatures of these manifests."""
        where = [(part.number, record) for part in anatomy.segments for record in part.records]
        where += [(f.NO_NUMBER, record) for record in anatomy.behind]
        for holder, record in where:
            if record.type != c.SIGNATURE:
                continue
            at = record.body_offset + 4
            if int.from_bytes(anatomy.data[at : at + 8], "big") in bare:
                yield holder, record

    def _stamp_pieces(self, anatomy, chosen):
        for part in anatomy.segments:
            for record in part.records:
                if record.type == c.EVIDENCE and part.number not in chosen:
                    at = record.body_offset + 4
                    number = int.from_bytes(anatomy.data[at : at + 8], "big")
                    yield part.number, record, number

    def _path(self, anatomy, targets):
        """Index records of the container that lead to these segments."""
        where = [(part.number, record) for part in anatomy.segments for record in part.records]
        where += [(f.NO_NUMBER, record) for record in anatomy.behind]
        for holder, record in where:
            if record.type != c.INDEX:
                continue
            raw = anatomy.data[record.offset : record.end]
            entries = carried.parse_index(raw, record.offset, anatomy.header).entries
            if any(entries[0][0] <= one < entries[-1][0] + entries[-1][2] for one in targets):
                yield holder, record

    def _pieces(self, anatomy, opt):
        chosen = self._chosen(anatomy, opt)
        pieces = [self._segment_piece(anatomy, opt, number) for number in chosen]
        last = len(anatomy.segments) - 1
        manifests = set()
        if chosen and opt.before and chosen[0] > 0:
            manifests.add(chosen[0] - 1)
        if chosen and opt.behind and chosen[-1] < last:
            manifests.add(chosen[-1] + 1)
            number = chosen[-1] + 1
            late = anatomy.header.critical & c.CRITICAL_LATE
            while not anatomy.segments[number].signed and not late and number < last:
                number += 1
                manifests.add(number)
        records = []
        if opt.stamps:
            for holder, record, number in self._stamp_pieces(anatomy, chosen):
                if number >= chosen[0]:
                    records.append((holder, record))
                    if number not in chosen:
                        manifests.add(number)
        known = sorted(manifests | set(chosen))
        bare = [number for number in known if not anatomy.segments[number].signed]
        records += [one for one in self._late_pieces(anatomy, bare) if one[0] not in chosen]
        if opt.path:
            targets = {known[-1], chosen[-1]}
            records += [one for one in self._path(anatomy, targets) if one[0] not in chosen]
        pieces += [self._manifest_piece(anatomy, number) for number in manifests]
        pieces += [self._record_piece(anatomy, *one) for one in records]
        end = opt.end
        if end is None:
            end = anatomy.end_offset is not None and (not known or known[-1] == last)
        if end:
            content = anatomy.data[anatomy.end_offset :]
            pieces.append(Piece(f.END, f.NO_NUMBER, anatomy.end_offset, c=content))
        return sorted(pieces, key=lambda one: one.origin)

    def source(self, opt):
        data, _ = opt.container
        anatomy, number = Anatomy(data), len(self.sources)
        pieces = self.hook("pieces", self._pieces(anatomy, opt), source=number)
        info = {"mask": sum(1 << one for one in opt.removed), "zero": 0, "start": opt.start,
                "stop": opt.stop, "size": len(data)}  # fmt: skip
        info = self.hook("source_info", info, source=number)
        packed = struct.pack(">IIqqQ", *info.values())
        first = Piece(f.SOURCE, number, 0, c=packed + data[: anatomy.header_end])
        if any(one.flags & f.UNVERIFIED for one in pieces):
            first.flags = f.UNVERIFIED
        self.sources.append((opt, anatomy, pieces))
        for piece in [first, *pieces]:
            self._emit(piece)
        return anatomy

    def attach(self, attachment):
        number = len(self.attachments)
        self.attachments.append(attachment)
        self._emit(Piece(f.ATTACHMENT, number, b=attachment.content))

    # ---- case ----

    def _source_member(self, number, opt, anatomy, pieces):
        header = anatomy.header
        found = [one for one in pieces if one.kind in (f.SEGMENT, f.LEAVES)]
        numbers = [one.number for one in found]
        tracks = [
            {"number": one.number, "kind": cs.KINDS[one.kind], "codec": cs.codec_name(one.codec),
             "included": one.number not in opt.removed}
            for one in header.tracks
        ]  # fmt: skip
        seen = {"verdict": "authentic", "identity": "trusted", "signer": None, "attested": None,
                "checked": cs.format_time(self.options.created_utc), "reason": None,
                "unverified_count": 0, "unverified": []}  # fmt: skip
        return {
            "number": number,
            "container_id": header.container_id.hex(),
            "header": header.hash.hex(),
            "sequence": header.sequence,
            "from": cs.format_time(opt.start),
            "to": cs.format_time(opt.stop),
            "first_segment": min(numbers, default=None),
            "last_segment": max(numbers, default=None),
            "first_utc": cs.format_time(min((one.first_utc for one in found), default=c.NO_TIME)),
            "last_utc": cs.format_time(max((one.last_utc for one in found), default=c.NO_TIME)),
            "tracks": tracks,
            "verification": seen,
        }

    def _devices(self):
        devices = {}
        for number, (_, anatomy, _) in enumerate(self.sources):
            header = anatomy.header
            ids = (header.device_id.hex(), header.recording_id.hex())
            texts = dict(header.description or [])
            said = {name: texts.get(kind) for kind, name in cs.TEXTS}
            devices.setdefault(ids, (said, []))[1].append(number)
        return [
            {"device_id": ids[0], "recording_id": ids[1], **said, "sources": numbers}
            for ids, (said, numbers) in devices.items()
        ]

    def _presentation(self):
        said, data = self.options.presentation, self.options.presented
        if self.options.kind == f.PACKAGE:
            return None
        return {**said, "size": len(data), "sha256": sha256(data).hex()}

    def _case(self, policy):
        case = {
            "format": "svms-case", "version": 1, "case": "2026/17", "operator": "A. Operator",
            "reason": None, "comment": None, "created": cs.format_time(self.options.created_utc),
            "profile": None, "audit_reference": None, "reexport": not policy & ln.NO_REEXPORT,
            "formats": ["svmx"], "devices": self._devices(),
            "sources": [self._source_member(n, *one) for n, one in enumerate(self.sources)],
            "attachments": [
                {"number": number, "name": one.name, "media_type": one.media_type,
                 "size": len(one.content), "sha256": sha256(one.content).hex(),
                 "description": one.description, "derivation": one.derivation}
                for number, one in enumerate(self.attachments)
            ],
            "presentation": self._presentation(),
        }  # fmt: skip
        return {**case, **self.options.texts}

    def derivation(self, source, track, method="face blur", **more):
        """A derivation from all carried segments of a source."""
        _, anatomy, pieces = self.sources[source]
        numbers = [one.number for one in pieces if one.kind in (f.SEGMENT, f.LEAVES)]
        first, last = numbers[0], numbers[-1]
        origin = {"source": source, "track": track, "first_segment": first, "last_segment": last,
                  "first_manifest": anatomy.hash_of(first).hex(),
                  "last_manifest": anatomy.hash_of(last).hex(), **more}  # fmt: skip
        return {"method": method, "tool": None, "from": [origin]}

    # ---- links ----

    def finish(self, options):
        """Case, last directory and link 0; returns the package."""
        case = self.hook("case", self._case(options.policy))
        packed = json.dumps(case, separators=(",", ":"), ensure_ascii=False).encode()
        self._emit(Piece(f.CASE, b=self.hook("case_bytes", packed)))
        if self.entries:
            self._write_directory()
        fields = ln.LinkFields(
            self.package_id, self.header_hash, 0, options.policy, options.utc, len(self.out), 0,
            sha256(self.slot) if self.slot else bytes(32), *self.before, self.place,
            len(self.sources), len(self.attachments),
        )  # fmt: skip
        if self.options.kind == f.PROOF:
            data = self.options.presented
            fields.presentation_hash, fields.presentation_size = sha256(data), len(data)
        return self._write_link(fields, options)

    def link(self, options):
        """Add a link; returns the package."""
        offset, head = self.links[-1]
        fields = ln.LinkFields(
            self.package_id, self.header_hash, len(self.links), options.policy, options.utc,
            len(self.out), offset, head,
        )  # fmt: skip
        return self._write_link(fields, options)

    def _write_link(self, fields, options):
        number = len(self.links)
        fields = self.hook("link_fields", replace(fields, note=options.note.encode()), link=number)
        leaf = options.chain[0].public_bytes(Encoding.DER)
        signer = o.Signer(options.role, signing.algorithm_of(options.key), sha256(leaf))
        kind = ln.FIRST if number == 0 else ln.LATER

        def adjust(prefix):
            return self.hook("prefix", prefix, link=number)

        packed = o.pack_object(kind, signer, fields.pack(), adjust)
        packed = self.hook("object", packed, link=number)
        signature = signing.sign(options.key, packed, self.random)
        signature = self.hook("signature", signature, link=number)
        token = b""
        if options.authority is not None:
            token = self._token(sha256(packed, signature), options.authority, number)
        chain = h.pack_chain([one.public_bytes(Encoding.DER) for one in options.chain])
        chain = self.hook("chain", chain, link=number)
        raw = self.hook("link", ln.pack(packed, chain, signature, token), link=number)
        offset, head = len(self.out), sha256(raw)
        tail = self.hook("tail", ln.pack_tail(offset, head), link=number)
        self.out += raw + tail
        self.links.append((offset, head))
        return self.hook("file", bytes(self.out), link=number)

    def _token(self, imprint, authority, number):
        if authority.token is not None:
            return authority.token
        stamp = timestamp.Stamp(imprint, authority.utc, fraction=authority.fraction)
        stamp = self.hook("stamp", stamp, link=number)
        token = timestamp.make(stamp, authority.chain, authority.key)
        return self.hook("token", token, link=number)
