# SPDX-License-Identifier: Apache-2.0
"""A second implementation of audit logs, written from docs/spec/audit.md alone: checks a log's folder,
makes and verifies proofs, and makes a small log. Slow, and meant to be read."""

import base64
import binascii
import hashlib
import os
import struct

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

RECORD_MAX = 16384
TILE = 256
RAW = (serialization.Encoding.Raw, serialization.PublicFormat.Raw)


class Wrong(Exception):
    """Something is not what the text says; record: the first that is wrong, or None."""

    def __init__(self, why, record=None):
        super().__init__(why)
        self.record = record


def need(good, why, record=None):
    if not good:
        raise Wrong(why, record)


# Tree (A-TRE-1), RFC 6962.


def leaf_hash(record):
    return hashlib.sha256(b'\0' + record).digest()


def node_hash(left, right):
    return hashlib.sha256(b'\1' + left + right).digest()


def split(count):
    return 1 << (count - 1).bit_length() - 1


def root(leaves):
    """Of hashes of leaves, or of complete subtrees of one size."""
    if not leaves:
        return hashlib.sha256(b'').digest()
    level = list(leaves)
    # Pairs from the left; the one without a partner goes up as it is.
    while len(level) > 1:
        level = [node_hash(*level[i : i + 2]) if i + 1 < len(level) else level[i] for i in range(0, len(level), 2)]
    return level[0]


def inclusion(leaves, index):
    if len(leaves) <= 1:
        return []
    at = split(len(leaves))
    if index < at:
        return inclusion(leaves[:at], index) + [root(leaves[at:])]
    return inclusion(leaves[at:], index - at) + [root(leaves[:at])]


def root_of_inclusion(leaf, index, size, proof):
    """RFC 6962 section 2.1.1, from the leaf up."""
    if size == 1:
        need(not proof, 'hashes too many')
        return leaf
    need(proof, 'hashes too few')
    at = split(size)
    if index < at:
        return node_hash(root_of_inclusion(leaf, index, at, proof[:-1]), proof[-1])
    return node_hash(proof[-1], root_of_inclusion(leaf, index - at, size - at, proof[:-1]))


def consistency(leaves, old, whole=True):
    if old == len(leaves):
        return [] if whole else [root(leaves)]
    at = split(len(leaves))
    if old <= at:
        return consistency(leaves[:at], old, whole) + [root(leaves[at:])]
    return consistency(leaves[at:], old - at, False) + [root(leaves[:at])]


def roots_of_consistency(old, size, proof, old_root, whole=True):
    """Roots of the smaller and of the larger tree, as the proof has them."""
    if old == size:
        if whole:
            need(not proof, 'hashes too many')
            return old_root, old_root
        need(len(proof) == 1, 'hashes too many or too few')
        return proof[0], proof[0]
    need(proof, 'hashes too few')
    at = split(size)
    if old <= at:
        small, large = roots_of_consistency(old, at, proof[:-1], old_root, whole)
        return small, node_hash(large, proof[-1])
    small, large = roots_of_consistency(old - at, size - at, proof[:-1], old_root, False)
    return node_hash(proof[-1], small), node_hash(proof[-1], large)


def check_consistency(old, old_root, size, new_root, proof):
    need(old <= size, 'it became smaller')
    if old == 0:
        need(not proof, 'hashes too many')
        return
    small, large = roots_of_consistency(old, size, proof, old_root)
    need(small == old_root and large == new_root, 'the log did not only grow')


# Text, keys, notes (A-CHK-1 to A-CHK-3).


def unbase64(text):
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as failure:
        raise Wrong(f'no base64: {failure}') from failure
    need(base64.b64encode(raw) == (text.encode() if isinstance(text, str) else text), 'another spelling of base64')
    return raw


def decimal(line):
    need(line.isascii() and line.isdigit() and (line == '0' or line[0] != '0'), 'no number')
    number = int(line)
    need(number <= 2**48, 'too large a number')
    return number


def hash_line(line):
    raw = unbase64(line)
    need(len(raw) == 32, 'no hash')
    return raw


class Key:
    def __init__(self, name, kind, raw):
        self.name, self.kind, self.raw = name, kind, raw
        self.id = hashlib.sha256(name.encode() + b'\n' + bytes([kind]) + raw).digest()[:4]

    @classmethod
    def parse(cls, text):
        parts = text.split('+', 2)
        need(len(parts) == 3, 'no verifier key')
        name, ident, coded = parts
        blob = unbase64(coded)
        need(0 < len(name) <= 128 and all('!' <= c <= '~' for c in name), 'no name of a key')
        need(len(blob) == 33 and blob[0] in (1, 4), 'no key')
        key = cls(name, blob[0], blob[1:])
        need(key.id.hex() == ident, 'the id is not of this key')
        return key

    def text(self):
        return f'{self.name}+{self.id.hex()}+{base64.b64encode(bytes([self.kind]) + self.raw).decode()}'

    def verifies(self, signature, message):
        try:
            ed25519.Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


class Note:
    def __init__(self, raw):
        need(len(raw) <= 65536, 'too large a note')
        try:
            text = raw.decode()
        except UnicodeDecodeError as failure:
            raise Wrong('a note that is not UTF-8') from failure
        need(all(c == '\n' or (ord(c) >= 0x20 and ord(c) != 0x7F) for c in text), 'control characters in a note')
        at = text.rfind('\n\n')
        need(at > 0 and text.endswith('\n') and len(text) > at + 2, 'no note')
        self.text = text[: at + 1]
        self.lines = []
        for line in text[at + 2 : -1].split('\n'):
            need(line.startswith('\u2014 '), 'no line of a signature')
            name, space, coded = line[2:].partition(' ')
            need(name and space and '+' not in name, 'no line of a signature')
            blob = unbase64(coded) if len(coded) <= 104 else b'????'
            need(len(blob) >= 5 or len(coded) > 104, 'no signature')
            self.lines.append((name, blob[:4], blob[4:]))
        need(len(self.lines) <= 64, 'too many signatures')

    def signed_by(self, key):
        """None: not at all; otherwise the time in seconds, of a log's key 0."""
        mine = [one for one in self.lines if one[0] == key.name and one[1] == key.id and one[2]]
        need(len(mine) <= 1, 'signed twice')
        if not mine:
            return None
        signature = mine[0][2]
        if key.kind == 1:
            need(len(signature) == 64 and key.verifies(signature, self.text.encode()), 'a signature that does not verify')
            return 0
        need(len(signature) == 72, 'no cosignature')
        at = struct.unpack('>Q', signature[:8])[0]
        message = f'cosignature/v1\ntime {at}\n{self.text}'.encode()
        need(at < 2**63 and key.verifies(signature[8:], message), 'a cosignature that does not verify')
        return at


def note_line(private, key, text):
    return f'\u2014 {key.name} {base64.b64encode(key.id + private.sign(text.encode())).decode()}\n'


class Log:
    """Keys of a log, one after the other (A-EPO-1 to A-EPO-3)."""

    def __init__(self, first):
        need(first.kind == 1, 'not the key of a log')
        self.origin = first.name
        self.epochs = [(0, root([]), first)]

    def read_epochs(self, raw):
        if not raw:
            return
        need(not raw.endswith(b'\n--\n'), 'a handover that is not there')
        for part in raw.split(b'\n--\n'):
            self.hand_over(part if part.endswith(b'\n') else part + b'\n')

    def hand_over(self, raw):
        note = Note(raw)
        last_size, last_root, last_key = self.epochs[-1]
        need(note.signed_by(last_key) is not None, 'a handover that the key before has not signed')
        lines = note.text[:-1].split('\n')
        need(len(lines) == 6 and lines[0] == 'svms audit epoch' and lines[1] == self.origin, 'no handover')
        need(decimal(lines[2]) == len(self.epochs), 'a handover with another number')
        size, its_root, key = decimal(lines[3]), hash_line(lines[4]), Key.parse(lines[5])
        need(size > last_size or (size == last_size and its_root == last_root), 'a handover of a smaller tree')
        need(key.kind == 1 and key.name == self.origin, 'a handover to another kind of key')
        need(note.signed_by(key) is not None, 'a handover that the new key has not signed')
        self.epochs.append((size, its_root, key))

    def checkpoint(self, raw):
        note = Note(raw)
        lines = note.text[:-1].split('\n')
        signer = next((i for i in reversed(range(len(self.epochs))) if note.signed_by(self.epochs[i][2]) is not None), None)
        need(signer is not None, 'a checkpoint that the log has not signed')
        need(len(lines) == 3 and lines[0] == self.origin, 'no checkpoint of this log')
        size, its_root = decimal(lines[1]), hash_line(lines[2])
        need(size >= self.epochs[signer][0], 'signed by a later key')
        need(signer + 1 == len(self.epochs) or size <= self.epochs[signer + 1][0], 'signed by an earlier key')
        for begin, begin_root, _ in self.epochs:
            need(begin != size or begin_root == its_root, 'another root than a handover says')
        return size, its_root, note


def witnessed(note, witnesses, quorum):
    """witnesses: (key, is outside). Since when it was so (A-WIT-3)."""
    times = [(note.signed_by(key), outside) for key, outside in witnesses]
    times = sorted((at, outside) for at, outside in times if at is not None)
    need(len(times) >= quorum, 'too few witnesses')
    if quorum == 0:
        return None
    need(any(outside for _, outside in times), 'no witness from outside')
    return max(times[quorum - 1][0], min(at for at, outside in times if outside))


# Proofs (A-PRF-1, A-PRF-2).


def put_proof(record, index, leaves, size, note, epochs_raw, handovers):
    """handovers: sizes and roots of those in epochs_raw."""
    lines = ['c2sp.org/tlog-proof@v1', 'extra ' + base64.b64encode(record).decode(), f'index {index}']
    lines += [base64.b64encode(one).decode() for one in inclusion(leaves[:size], index)]
    text = '\n'.join(lines).encode() + b'\n\n' + note
    if not handovers:
        return text
    text += b'--\n'
    behind = next((begin for begin in handovers if begin > index), None)
    if behind is not None:
        lines = [f'old {behind}'] + [base64.b64encode(one).decode() for one in consistency(leaves[:size], behind)]
        text += '\n'.join(lines).encode() + b'\n--\n'
    return text + epochs_raw


def verify_proof(first_key, raw, witnesses=(), quorum=0):
    need(len(raw) <= 16777216, 'too large a proof')
    head, found, rest = raw.partition(b'\n\n')
    need(found, 'no proof')
    try:
        lines = head.decode('ascii').split('\n')
    except UnicodeDecodeError as failure:
        raise Wrong('no proof') from failure
    need(len(lines) >= 3 and lines[0] == 'c2sp.org/tlog-proof@v1', 'no proof')
    need(lines[1].startswith('extra ') and lines[2].startswith('index '), 'no proof')
    record, index = unbase64(lines[1][6:]), decimal(lines[2][6:])
    need(0 < len(record) <= RECORD_MAX, 'no record')
    hashes = [hash_line(line) for line in lines[3:]]
    need(len(hashes) <= 49, 'too many hashes')
    note, found, more = rest.partition(b'\n--\n')
    log = Log(first_key)
    growth = None
    if found:
        note += b'\n'
        need(more, 'no handovers')
        if more.startswith(b'old '):
            text, found, more = more.partition(b'\n--\n')
            need(found and more, 'no handovers')
            lines = text.decode('ascii', 'replace').split('\n')
            growth = decimal(lines[0][4:]), [hash_line(line) for line in lines[1:]]
            need(len(growth[1]) <= 49, 'too many hashes')
        log.read_epochs(more)
    size, its_root, signed = log.checkpoint(note)
    need(index < size, 'no such record')
    need(root_of_inclusion(leaf_hash(record), index, size, hashes) == its_root, 'the record is not in the log')
    behind = next(((begin, begin_root) for begin, begin_root, _ in log.epochs[1:] if begin > index), None)
    need((growth is None) == (behind is None), 'growth that is not needed, or is not there')
    if behind:
        need(growth[0] == behind[0], 'growth from another size')
        check_consistency(behind[0], behind[1], size, its_root, growth[1])
    return index, record, size, witnessed(signed, witnesses, quorum)


# Folders (sections 3 and 4).


def number_path(number):
    groups = [f'{number % 1000:03d}']
    while number >= 1000:
        number //= 1000
        groups.insert(0, f'x{number % 1000:03d}')
    return '/'.join(groups)


def tile_path(level, number, width):
    return f'tile/{level}/{number_path(number)}' + (f'.p/{width}' if width < TILE else '')


def read(folder, name, must=True):
    path = os.path.join(folder, name)
    if not os.path.isfile(path):
        need(not must, f'{name} is missing')
        return None
    with open(path, 'rb') as file:
        return file.read()


def check_bundle(raw, width, first, leaves):
    at = 0
    for index in range(first, first + width):
        need(at + 2 <= len(raw), 'the bundle ends', index)
        size = struct.unpack('>H', raw[at : at + 2])[0]
        record = raw[at + 2 : at + 2 + size]
        need(size <= RECORD_MAX and len(record) == size, 'the bundle ends', index)
        need(leaf_hash(record) == leaves[index], f'record {index} is not what was signed', index)
        at += 2 + size
    need(at == len(raw), 'the bundle goes on')


def check_tiles(folder, size, its_root):
    """The hashes of the leaves, as the tiles have them; each confirmed from above."""
    levels = []
    count = size
    level = 0
    while count:
        hashes = []
        for number in range(0, (count + TILE - 1) // TILE):
            width = min(TILE, count - number * TILE)
            raw = read(folder, tile_path(level, number, width))
            need(len(raw) == 32 * width, 'a tile of another size')
            hashes += [raw[i : i + 32] for i in range(0, len(raw), 32)]
        levels.append(hashes)
        count //= TILE
        level += 1
    for below, above in zip(levels, levels[1:]):
        for number, told in enumerate(above):
            need(root(below[number * TILE : number * TILE + TILE]) == told, 'a tile is not what the one above says')
    leaves = levels[0] if levels else []
    need(root(leaves) == its_root, 'the tiles are not of the root')
    return leaves


def groups_of(raw, is_last):
    """Groups that are whole; a torn end of the last segment is passed over, and told."""
    at = 56
    while at < len(raw):
        torn = len(raw) - at < 8
        if not torn:
            length, crc = struct.unpack('>II', raw[at : at + 8])
            body = raw[at + 8 : at + 8 + length]
            torn = length > 4194304 or len(body) < length or binascii.crc32(body) != crc
        if torn:
            need(is_last, 'the journal is damaged')
            return
        first, count = struct.unpack('>QH', body[:10])
        need(count <= 4096, 'no group')
        place = 10
        records = []
        for _ in range(count):
            size = struct.unpack('>H', body[place : place + 2])[0]
            records.append(body[place + 2 : place + 2 + size])
            place += 2 + size
        size = struct.unpack('>H', body[place : place + 2])[0]
        note = body[place + 2 :]
        need(len(note) == size <= 1024, 'no group')
        yield first, records, note
        at += 8 + length


def check_journal(folder, log, leaves, size, its_root):
    names = sorted(os.listdir(os.path.join(folder, 'journal'))) if os.path.isdir(os.path.join(folder, 'journal')) else []
    need(names or (size == 0 and len(log.epochs) == 1), 'the journal is missing')
    if not names:
        return []
    begin = int(names[0], 16)
    need(begin <= size - size % TILE, 'the journal begins too late')
    tree = leaves[:begin]
    for number, name in enumerate(names):
        raw = read(folder, 'journal/' + name)
        if len(raw) < 56 and number + 1 == len(names):
            break
        need(len(raw) >= 56 and raw[:8] == b'SVMSAUDJ' and raw[8:10] == b'\0\1' and raw[12:16] == bytes(4), 'no journal')
        first = struct.unpack('>Q', raw[16:24])[0]
        need(first == int(name, 16) == len(tree) and raw[24:56] == root(tree), 'a segment of another tree')
        for at, records, note in groups_of(raw, number + 1 == len(names)):
            need(at == len(tree), 'the journal goes on with another record')
            tree = tree + [leaf_hash(record) for record in records]
            signed_size, signed_root, _ = log.checkpoint(note)
            need(signed_size == len(tree) and signed_root == root(tree), 'records that were not signed')
            need(len(tree) != size or signed_root == its_root, 'another tree than that of the tiles')
    need(len(tree) >= size, 'the journal ends too early')
    return tree


def check_folder(folder, first_key, witnesses=(), quorum=0):
    """Size of a log that is right; of small ones, that were not pruned."""
    lines = read(folder, 'log').decode('utf-8', 'replace').split('\n')
    need(lines == ['svms audit log', first_key.name, first_key.text(), ''], 'another log')
    log = Log(first_key)
    log.read_epochs(read(folder, 'epochs', False))
    raw = read(folder, 'checkpoint', len(log.epochs) > 1)
    size, its_root = 0, root([])
    if raw is not None:
        size, its_root, _ = log.checkpoint(raw)
    known = [(size, its_root)] + [(begin, begin_root) for begin, begin_root, _ in log.epochs]
    raw = read(folder, 'witnessed', quorum > 0)
    if raw is not None:
        its_size, other, note = log.checkpoint(raw)
        known.append((its_size, other))
        witnessed(note, witnesses, quorum)
    leaves = check_tiles(folder, size, its_root)
    for first in range(0, size, TILE):
        width = min(TILE, size - first)
        check_bundle(read(folder, tile_path('entries', first // TILE, width)), width, first, leaves)
    tree = check_journal(folder, log, leaves, size, its_root)
    for at, told in known:
        need(at <= max(len(tree), size), 'records are missing')
        need(root((tree if at > size else leaves)[:at]) == told, 'the records are not those that were signed')
    return max(len(tree), size)


# A small log, made by somebody else.


def put(folder, name, raw):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'wb') as file:
        file.write(raw)


def make_log(folder, origin, records, handover, seeds=None):
    """Of two epochs: the second one begins behind so many records. Its first key."""
    private = [ed25519.Ed25519PrivateKey.from_private_bytes(seed) for seed in seeds or (os.urandom(32), os.urandom(32))]
    keys = [Key(origin, 1, one.public_key().public_bytes(*RAW)) for one in private]
    leaves = [leaf_hash(record) for record in records]
    put(folder, 'log', f'svms audit log\n{origin}\n{keys[0].text()}\n'.encode())
    coded = base64.b64encode(root(leaves[:handover])).decode()
    text = f'svms audit epoch\n{origin}\n1\n{handover}\n{coded}\n{keys[1].text()}\n'
    put(folder, 'epochs', (text + '\n' + note_line(private[0], keys[0], text) + note_line(private[1], keys[1], text)).encode())
    journal = b'SVMSAUDJ' + struct.pack('>HHIQ', 1, 0, 0, 0) + root([])
    note = b''
    for begin, end, who in ((0, handover, 0), (handover, len(records), 1)):
        coded = base64.b64encode(root(leaves[:end])).decode()
        text = f'{origin}\n{end}\n{coded}\n'
        note = (text + '\n' + note_line(private[who], keys[who], text)).encode()
        body = struct.pack('>QH', begin, end - begin)
        body += b''.join(struct.pack('>H', len(one)) + one for one in records[begin:end])
        body += struct.pack('>H', len(note)) + note
        journal += struct.pack('>II', len(body), binascii.crc32(body)) + body
    put(folder, 'journal/' + '0' * 16, journal)
    put(folder, 'checkpoint', note)
    hashes, level = leaves, 0
    while hashes:
        for first in range(0, len(hashes), TILE):
            part = hashes[first : first + TILE]
            put(folder, tile_path(level, first // TILE, len(part)), b''.join(part))
        if level == 0:
            for first in range(0, len(records), TILE):
                part = records[first : first + TILE]
                raw = b''.join(struct.pack('>H', len(one)) + one for one in part)
                put(folder, tile_path('entries', first // TILE, len(part)), raw)
        hashes = [root(hashes[i : i + TILE]) for i in range(0, len(hashes) - TILE + 1, TILE)]
        level += 1
    return keys[0]
