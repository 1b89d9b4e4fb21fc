# SPDX-License-Identifier: Apache-2.0
"""Writes containers. Deterministic when its source of random bytes is.

Every step passes what it made through hook(stage, value, **context) before it is signed or
written, so that vectors with one deliberate fault stay consistent in everything else.
"""

import struct
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.serialization import Encoding

from . import access
from . import constants as c
from . import header as h
from . import objects as o
from . import samples as s
from . import signatures
from . import signing
from . import stamps
from . import timestamp
from .errors import UsageError
from .index import IndexTree
from .keys import ContainerKeys, EarlyKeys
from .primitives import SeededRandom, SystemRandom, merkle_root, seal, sha256
from .wire import pack_record, pack_sample_header


def no_hook(_stage, value, **_context):
    return value


@dataclass
class Sample:
    """One sample to write. utc matters for the first one of a track in a segment only."""

    track: int
    dts: int
    data: bytes
    pts: int | None = None
    duration: int | None = None
    flags: int = 0
    ranges: list | None = None
    utc: int | None = None

    @property
    def presentation(self):
        return self.dts if self.pts is None else self.pts


@dataclass
class SegmentOptions:
    """What a segment says besides its samples; None is derived from the samples."""

    start_utc: int | None = None
    start_monotonic: int | None = None
    made_utc: int | None = None
    made_monotonic: int | None = None
    clock_state: int = 1
    gap_reason: int = 0
    evidence: bytes = bytes(32)
    signed: bool = True  # False: left out, or late
    batch: object = None  # a Batch: kind 2
    late: list = field(default_factory=list)  # (number, Batch or None): signatures held here
    stamps: list = field(default_factory=list)  # (number, Authority): evidence held here


@dataclass
class Authority:
    """Who stamps, and when. kind 2 makes something of another kind."""

    chain: list
    key: object
    utc: int
    fraction: str = ""
    kind: int = 1
    token: bytes | None = None  # instead of one that is made


@dataclass
class Batch:
    """A tree that several manifests are signed in. others are numbers of manifests that have leaves
    next to each other from place on; every other leaf is random. With levels the tree is 2^levels
    large, and the nodes of the proof are random."""

    size: int = 1
    place: int = 0
    others: list = field(default_factory=list)
    levels: int = 0


@dataclass
class Options:
    """What a container is. Ids that are None are random."""

    tracks: list
    chain: list = field(default_factory=list)
    key: object = None
    role: int = 0
    password: str | None = None
    log2_n: int = 17
    recipients: list = field(default_factory=list)
    with_keys: bool = False
    officer: object = None  # OfficerFields
    description: list | None = None
    container_id: bytes | None = None
    recording_id: bytes | None = None
    sequence: int = 0
    device_id: bytes = bytes(16)
    created_utc: int = 0
    base_utc: int = 0
    origin: int = 1
    capture_source: int = 1
    previous: object = None
    segment_ns: int = 4_000_000_000
    segment_bytes: int = 8388608
    software: str | None = "svmsref"
    slot_size: int | None = None
    minor: int = 0
    compatible: int = 0
    critical: int = 0
    interval: int = 1
    optional_fields: list = field(default_factory=list)


class Writer:
    """header, then segment() as often as needed, then close()."""

    def __init__(self, options, random=None, hook=no_hook):
        self.options = options
        self.random = random or SystemRandom()
        self.hook = hook
        self.out = bytearray()
        self.signer = o.Signer()
        if options.key is not None:
            leaf = options.chain[0].public_bytes(Encoding.DER)
            algorithm = signing.algorithm_of(options.key)
            self.signer = o.Signer(options.role, algorithm, sha256(leaf))
        for number, track in enumerate(options.tracks):
            track.number = number
        self.container_id = options.container_id or self.random(16)
        self.recording_id = options.recording_id or self.random(16)
        secret = any(track.protection != c.NONE for track in options.tracks)
        self.content_key = self.random(32) if secret or options.with_keys else None
        self.trace = {}
        self.bodies, self.salts, self.hashes = {}, {}, {}
        self.end_offset = 0
        self.next_segment = 0
        self.last_utc = c.NO_TIME
        self._write_header()
        self.chain_hash = self.header_hash
        self.index = IndexTree(self.header_hash)

    # ---- header ----

    def _planned_slot_size(self):
        if self.options.slot_size:
            return self.options.slot_size
        sizes = [68] if self.options.password is not None else []
        for recipient in self.options.recipients:
            if isinstance(recipient, access.Kek):
                sizes.append(56)
            elif isinstance(recipient, access.rsa.RSAPublicKey):
                sizes.append(16 + recipient.key_size // 8)
            else:
                x25519 = access.hpke.kem_of(recipient) == access.hpke.KEM_X25519
                sizes.append(96 if x25519 else 129)
        more = 0
        if self.options.officer:
            chain = [len(one.public_bytes(Encoding.DER)) for one in self.options.officer.chain]
            more = sum(chain) + 4 * len(chain) + 12 + 104 + 512
        return access.slot_size_for([(0, bytes(size)) for size in sizes], more)

    def _secret_fields(self):
        """Tags 6 and 7, or 8."""
        texts = self.options.description
        if self.content_key is None:
            return [(c.TAG_CLEAR_TEXT, h.pack_description(texts))] if texts else []
        early = EarlyKeys(self.content_key, self.container_id)
        self.trace["ph"], self.trace["key_check"] = early.prk, early.check
        self.slot_size = self._planned_slot_size()
        fields = [(c.TAG_KEYS, early.check + struct.pack(">I", self.slot_size))]
        if texts:
            plain = h.pack_description(texts)
            sealed = seal(early.description, bytes(12), self.container_id, plain)
            fields.append((c.TAG_SEALED_TEXT, sealed))
        return fields

    def _header_fields(self):
        opt, fields = self.options, []
        if self.signer.role:
            ders = [one.public_bytes(Encoding.DER) for one in opt.chain]
            fields.append((c.TAG_CHAIN, h.pack_chain(ders)))
        identity = self.container_id + self.recording_id + struct.pack(">Q", opt.sequence)
        times = (opt.created_utc, opt.base_utc, opt.origin, opt.capture_source, 0)
        fields.append((c.TAG_ID, identity))
        fields.append((c.TAG_DEVICE, opt.device_id))
        fields.append((c.TAG_TIMES, struct.pack(">qqBBH", *times)))
        fields += [(c.TAG_TRACK, track.pack()) for track in opt.tracks]
        fields += self._secret_fields()
        if opt.previous:
            fields.append((c.TAG_PREVIOUS, opt.previous.pack()))
        limits = struct.pack(">QQII", opt.segment_ns, opt.segment_bytes, opt.interval, 0)
        fields.append((c.TAG_LIMITS, limits))
        if opt.software:
            fields.append((c.TAG_SOFTWARE, opt.software.encode("ascii")))
        return fields + opt.optional_fields

    def _write_header(self):
        fields = self.hook("header_fields", self._header_fields())
        opt = self.options
        fixed = h.FixedPart(minor=opt.minor, compatible=opt.compatible, critical=opt.critical)
        fixed = self.hook("header_fixed", fixed)
        raw = h.pack_header(fixed, self.signer, fields, self._adjust("header", None))
        raw = self.hook("object", raw, kind="header", number=None)
        self.header_hash = sha256(raw)
        self.out += raw
        self.out += self._signature_record(raw, "header", c.NUMBER_HEADER)
        if self.content_key is not None:
            self.keys = ContainerKeys(self.content_key, self.header_hash)
            self.trace["p"] = self.keys.prk
            self.out += self._access_block()

    def _access_block(self):
        stanzas = []
        if self.options.password is not None:
            arguments = (self.options.password, self.options.log2_n, self.header_hash)
            stanzas.append(access.password_stanza(*arguments, self.content_key, self.random))
        for recipient in self.options.recipients:
            if isinstance(recipient, access.Kek):
                stanzas.append(access.kek_stanza(recipient, self.content_key))
                continue
            arguments = (recipient, self.header_hash, self.content_key, self.random)
            stanzas.append(access.public_key_stanza(*arguments))
        slot = access.SlotFields(self.container_id, stanzas, mac_key=self.keys.access)
        slot.officer = self.options.officer or b""
        slots = self.hook("slots", [slot, None])
        packed = [
            access.pack_slot(one, self.slot_size, self.random) if one else bytes(self.slot_size)
            for one in slots
        ]
        return self.hook("access_block", b"".join(packed))

    # ---- signing ----

    def _adjust(self, kind, number):
        return lambda prefix: self.hook("prefix", prefix, kind=kind, number=number)

    def _signature_record(self, message, kind, number, batch=None, place=0):
        """Empty when the container is unsigned."""
        if not self.signer.role:
            return self.hook("unsigned", b"", kind=kind, number=number)
        extra = b""
        if batch is not None:
            proof = self._batch_proof(message, number, batch)
            proof = self.hook("batch", proof, number=number)
            extra, message = signatures.pack_batch(**proof), proof["root_object"]
        signature = signing.sign(self.options.key, message, self.random)
        signature = self.hook("signature", signature, kind=kind, number=number)
        fields = {
            "algorithm": self.signer.algorithm,
            "number": number,
            "signature": signature,
            "kind": 1 if batch is None else 2,
            "zero": 0,
            "extra": extra,
        }
        fields = self.hook("signature_fields", fields, kind=kind, number=number)
        record = pack_record(c.SIGNATURE, o.pack_signature(**fields), place)
        return self.hook("record", record, kind="signature", of=kind, number=number)

    def _batch_proof(self, message, number, batch):
        """Fields of signatures.pack_batch."""
        size, mine, proof, root = self._batch_tree(message, number, batch)
        root = signatures.BatchRoot(size, root, self.options.created_utc)
        root = self.hook("batch_root", root, number=number)
        body = o.pack_object(
            c.OBJECT_BATCH, self.signer, root.pack_fields(), self._adjust("batch", number)
        )
        return {"index": mine, "size": size, "proof": proof, "root_object": body}

    def _batch_tree(self, message, number, batch):
        """(size, index, proof, root) of a tree that holds the manifest."""
        random = SeededRandom(f"leaves {batch.size} {batch.levels}")
        if batch.levels:
            size, proof = 1 << batch.levels, [random(32) for _ in range(batch.levels)]
            root = signatures.root_of_proof(message, batch.place, size, proof)
            return size, batch.place, proof, root
        data = [random(32) for _ in range(batch.size)]
        for place, one in enumerate(batch.others or [number]):
            data[batch.place + place] = message if one == number else self.bodies[one]
        mine = batch.place + (batch.others or [number]).index(number)
        return batch.size, mine, signatures.inclusion_proof(mine, data), merkle_root(data)

    def _late_record(self, number, batch, place):
        return self._signature_record(self.bodies[number], "late", number, batch, place)

    # ---- segments ----

    def _sample_record(self, sample, number, index, keys):
        track = self.options.tracks[sample.track]
        ranges, table = s.implied_ranges(track.protection, len(sample.data), sample.ranges)
        flags = sample.flags & c.PUBLIC_FLAGS
        composition = sample.presentation - sample.dts
        if track.protection == c.LIGHT:
            flags |= c.HAS_RANGES
        if composition:
            flags |= c.HAS_COMPOSITION
        if sample.duration is not None and sample.duration != track.default_duration:
            flags |= c.HAS_DURATION
        fields = {
            "flags": flags,
            "track": sample.track,
            "body_length": s.body_length(table, len(sample.data), ranges),
            "number": number,
            "dts": sample.dts,
            "composition": composition,
            "duration": sample.duration,
        }
        segment = self.next_segment
        fields = self.hook("sample_fields", fields, segment=segment)
        header = pack_sample_header(**fields)
        body = s.seal_body(keys, index, header, table, ranges, sample.data) if keys else (
            table + sample.data
        )
        record = self.hook("record", header + body, kind="sample", segment=segment, number=number)
        return record

    def _start_record(self, salt, options):
        fields = {
            "magic": b"SVMSSEG1",
            "hash": self.header_hash[:8],
            "segment": self.next_segment,
            "salt": salt,
            "utc": options.start_utc,
            "monotonic": options.start_monotonic,
            "checkpoint": self.index.checkpoint(),
        }
        f = self.hook("start_fields", fields, segment=self.next_segment)
        body = f["magic"] + f["hash"] + struct.pack(">Q", f["segment"]) + f["salt"]
        body += struct.pack(">qQQ", f["utc"], f["monotonic"], f["checkpoint"])
        record = pack_record(c.START, body, 0)
        return self.hook("record", record, kind="start", segment=self.next_segment, number=0)

    def _utc_of_first(self, sample):
        if sample.utc is not None:
            return sample.utc
        track = self.options.tracks[sample.track]
        ticks = s.ticks_to_ns(sample.presentation, track.numerator, track.denominator)
        return self.options.base_utc + ticks

    def _entries(self, samples):
        """Track entries without roots, by track number, and the last UTC."""
        entries, last = {}, c.NO_TIME
        for sample in samples:
            if sample.track not in entries:
                first = (sample.presentation, self._utc_of_first(sample))
                entries[sample.track] = o.TrackEntry(sample.track, 0, *first, bytes(32))
            entry, track = entries[sample.track], self.options.tracks[sample.track]
            entry.leaves += 1
            duration = track.default_duration if sample.duration is None else sample.duration
            base = (track.numerator, track.denominator)
            last = max(last, s.sample_times(entry, sample.presentation, duration, base)[1])
        return entries, last

    def _reference(self, samples):
        videos = [track.number for track in self.options.tracks if track.kind == c.VIDEO]
        wanted = videos[0] if videos else 0
        present = {sample.track for sample in samples}
        return wanted if wanted in present else samples[0].track

    def _track_keys(self, salt):
        keys = {}
        for track in self.options.tracks:
            if track.protection != c.NONE:
                keys[track.number] = self.keys.track(self.next_segment, track.number, salt)
        return self.hook("track_keys", keys, segment=self.next_segment)

    def _complete(self, options, first_utc, last_utc):
        """Fill in times that were left open."""
        if options.start_utc is None:
            options.start_utc = max(first_utc, self.options.created_utc)
        if options.made_utc is None:
            options.made_utc = max(last_utc, options.start_utc)
        if options.start_monotonic is None:
            options.start_monotonic = options.start_utc - self.options.created_utc
        if options.made_monotonic is None:
            options.made_monotonic = options.made_utc - self.options.created_utc

    def segment(self, samples, options=None):
        """Write one segment: samples in order of decoding."""
        if not samples:
            raise UsageError("a segment holds at least one sample (C-SEG-5)")
        options = options or SegmentOptions()
        entries, last_utc = self._entries(samples)
        reference = self._reference(samples)
        first_utc = entries[reference].first_utc
        self._complete(options, first_utc, last_utc)
        offset, salt = len(self.out), self.random(32)
        self.salts[self.next_segment] = salt
        leaves = {number: [] for number in [*entries, c.AUXILIARY]}
        leaves[c.AUXILIARY].append(self._start_record(salt, options))
        place = offset + len(leaves[c.AUXILIARY][0])
        leaves[c.AUXILIARY] += self.index.full_records(place, 1)
        records = list(leaves[c.AUXILIARY])
        keys = self._track_keys(salt)
        self.trace[f"track_keys_{self.next_segment}"] = keys
        for sample in samples:
            index = len(leaves[sample.track])
            record = self._sample_record(sample, len(records), index, keys.get(sample.track))
            leaves[sample.track].append(record)
            records.append(record)
        for number, batch in options.late:
            record = self._late_record(number, batch, len(records))
            leaves[c.AUXILIARY].append(record)
            records.append(record)
        for number, authority in options.stamps:
            record = pack_record(c.EVIDENCE, self._evidence(number, authority), len(records))
            leaves[c.AUXILIARY].append(record)
            records.append(record)
        extra = {"segment": self.next_segment, "leaves": leaves}
        records = self.hook("records", records, **extra)
        begins_sync = samples[0].track == reference and samples[0].flags & c.SYNC
        manifest = o.Manifest(
            self.header_hash,
            self.next_segment,
            self.chain_hash,
            salt,
            first_utc,
            last_utc,
            options.made_utc,
            options.made_monotonic,
            sum(len(record) for record in records),
            len(records),
            options.clock_state,
            options.gap_reason,
            1 if begins_sync else 0,
            options.evidence,
        )
        manifest.entries = self._finish_entries(entries, leaves, keys)
        self._emit(records, manifest, offset, options)

    # ---- time stamps ----

    def _token(self, imprint, authority, **where):
        """A token over imprint, or what stands in its place."""
        if authority.token is not None:
            return authority.token
        stamp = timestamp.Stamp(imprint, authority.utc, fraction=authority.fraction)
        stamp = self.hook("stamp", stamp, **where)
        token = timestamp.make(stamp, authority.chain, authority.key)
        return self.hook("token", token, **where)

    def _evidence(self, number, authority):
        digest = self.hashes[number]
        content = self._token(digest, authority, of=number)
        fields = {"kind": authority.kind, "segment": number, "digest": digest, "content": content}
        fields = self.hook("evidence", fields, segment=self.next_segment)
        return self.hook(
            "evidence_body", stamps.pack_evidence(**fields), segment=self.next_segment
        )

    def trailer(self, authority, place):
        """Add a trailer and the tail behind it."""
        tail = bytes(self.out[-32:])
        previous = sha256(bytes(self.out[self.end_offset :]))
        content = self._token(previous, authority, of=f"trailer {place}")
        fields = {"kind": authority.kind, "previous": previous, "content": content}
        fields = self.hook("trailer", fields, place=place)
        record = stamps.pack_trailer(**fields)
        self.out += self.hook("record", record, kind="trailer", number=place)
        self.out += self.hook("record", tail, kind="trailer_tail", number=place)

    def _finish_entries(self, entries, leaves, keys):
        auxiliary = o.TrackEntry(c.AUXILIARY, len(leaves[c.AUXILIARY]), 0, 0, bytes(32))
        finished = [entries[number] for number in sorted(entries)] + [auxiliary]
        for entry in finished:
            entry.root = merkle_root(leaves[entry.track])
            if entry.track in keys:
                entry.commitment = keys[entry.track].commitment
        return finished

    def _emit(self, records, manifest, offset, options):
        number = self.next_segment
        manifest = self.hook("manifest", manifest, segment=number)
        body = o.pack_object(
            c.OBJECT_MANIFEST, self.signer, manifest.pack_fields(), self._adjust("manifest", number)
        )
        body = self.hook("object", body, kind="manifest", number=number)
        record = pack_record(c.MANIFEST, body, len(records))
        record = self.hook("record", record, kind="manifest", segment=number, number=len(records))
        self.bodies[number] = body
        signature = b""
        if options.signed:
            signature = self._signature_record(body, "manifest", number, options.batch)
        self.out += b"".join(records) + record + signature
        self.chain_hash = self.hashes[number] = sha256(record, signature)
        self.index.add_segment(
            number, offset, manifest.first_utc, manifest.last_utc, self.chain_hash
        )
        self.last_utc = max(self.last_utc, manifest.last_utc)
        self.next_segment += 1

    # ---- end ----

    def close(self, utc=None, reason=1, late=(), authorities=()):
        """Write late signatures, index, end record, its signature, the tail and trailers; returns
        the container."""
        closed_at = self.options.created_utc if self.next_segment == 0 else self.last_utc
        signatures_behind = b"".join(self._late_record(*one, 0) for one in late)
        self.out += self.hook("late", signatures_behind)
        records, root, root_hash = self.index.close(len(self.out))
        records = self.hook("index", records)
        between = b"".join(records)
        self.out += between
        between = signatures_behind + between
        end = o.EndRecord(
            self.header_hash,
            self.next_segment,
            self.chain_hash,
            len(self.out),
            root,
            sha256(between),
            root_hash,
            closed_at if utc is None else utc,
            self.last_utc,
            reason,
        )
        end = self.hook("end", end)
        adjust = self._adjust("end", None)
        body = o.pack_object(c.OBJECT_END, self.signer, end.pack_fields(), adjust)
        body = self.hook("object", body, kind="end", number=None)
        record = self.hook("record", pack_record(c.END, body), kind="end", number=0)
        offset = self.end_offset = len(self.out)
        self.out += record + self._signature_record(body, "end", c.NUMBER_END)
        tail = pack_record(c.TAIL, struct.pack(">Q", offset) + b"SVMSTAIL")
        self.out += self.hook("record", tail, kind="tail", number=0)
        for place, authority in enumerate(authorities):
            self.trailer(authority, place)
        return self.hook("file", bytes(self.out))
