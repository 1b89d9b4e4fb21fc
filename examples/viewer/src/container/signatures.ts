/* SPDX-License-Identifier: Apache-2.0 */
import { Cursor } from '../bytes/cursor.js';
import { FormatError } from '../bytes/errors.js';
import { type Octets, copyOf } from '../bytes/octets.js';
import { leafOf, proves } from '../crypto/merkle.js';
import { hashSize, limits, objectNumber, objectType, recordHeaderSize } from './format.js';
import type { HeaderStart } from './header.js';
import { type ObjectPrefix, ObjectSigner, readPrefixLike } from './objects.js';

interface Batch {
  leafIndex: bigint;
  treeSize: bigint;
  proof: Uint8Array[];
  rootObject: Octets;
  rootTreeSize: bigint;
  rootHash: Octets;
}

/** A signature record (section 10). */
export interface SignatureRecord {
  offset: number;
  objectNumber: bigint;
  algorithm: number;
  signature: Octets;
  /** The signature covers a tree of objects of which this is one. */
  batch: Batch | null;
}

const batchRootSize = 96;

/** The number of the object that a signature record names; null where its fixed fields are not there. */
export function objectNumberOf(record: Uint8Array): bigint | null {
  if (record.length < recordHeaderSize + 16) return null;
  return new DataView(record.buffer, record.byteOffset).getBigUint64(recordHeaderSize + 4);
}

function readBatch(cursor: Cursor, prefix: ObjectPrefix): Batch {
  const leafIndex = cursor.u64('leaf index');
  const treeSize = cursor.u64('tree size');
  const count = cursor.u8('length of the proof');
  if (count > limits.batchLevels) cursor.fail('batch proof of too many levels', 'C-LIM-1');
  const proof = Array.from({ length: count }, () => cursor.slice(hashSize, 'node of the proof'));
  if (cursor.u32('length of the batch root') !== batchRootSize) cursor.fail('batch root of another length');
  const root: Cursor = new Cursor(cursor.slice(batchRootSize, 'batch root'), 'C-SIG-3', cursor.offset);
  readPrefixLike(root, objectType.batchRoot, batchRootSize, prefix);
  const rootTreeSize = root.u64('tree size');
  if (rootTreeSize !== treeSize || leafIndex >= treeSize) cursor.fail('leaf or tree that the batch root contradicts');
  const rootHash = copyOf(root.slice(hashSize, 'root'));
  root.i64('UTC');
  root.end('batch root');
  return { leafIndex, treeSize, proof: proof.map(copyOf), rootObject: copyOf(root.bytes), rootTreeSize, rootHash };
}

/** Parses a whole signature record, header included, whose CRC was checked. */
export function readSignatureRecord(record: Uint8Array, offset: number, header: HeaderStart): SignatureRecord {
  const cursor: Cursor = new Cursor(record, 'C-SIG-2', offset);
  cursor.slice(recordHeaderSize);
  if (!header.isSigned) cursor.fail('signature record in an unsigned container', 'C-SIG-7');
  const kind = cursor.u8('kind of signature');
  if (kind !== 1 && !(kind === 2 && header.critical.batch)) cursor.fail('signature of unknown kind');
  cursor.zeros(1, 'byte behind the kind');
  const algorithm = cursor.u16('signature algorithm');
  if (algorithm !== header.prefix.algorithm) cursor.fail('signature by another algorithm', 'C-OBJ-2');
  const number = cursor.u64('object number');
  const size = cursor.u32('signature length');
  if (size > limits.signature) cursor.fail('signature is too long', 'C-LIM-1');
  const signature = copyOf(cursor.slice(size, 'signature'));
  const isManifest = number < objectNumber.pruned;
  if (kind === 2 && !isManifest) cursor.fail('batch signature of something that is no manifest', 'C-SIG-3');
  const batch = kind === 2 ? readBatch(cursor, header.prefix) : null;
  cursor.end('signature record');
  return { offset, objectNumber: number, algorithm, signature, batch };
}

/** Does the signature cover the object (C-SIG-2, C-SIG-3)? */
export async function signatureHolds(signer: ObjectSigner, record: SignatureRecord, object: Octets): Promise<boolean> {
  const { batch } = record;
  if (batch === null) return signer.verify(record.signature, object);
  if (!proves(leafOf(object), batch.leafIndex, batch.treeSize, batch.proof, batch.rootHash)) return false;
  return signer.verify(record.signature, batch.rootObject);
}

export async function requireSignature(
  signer: ObjectSigner,
  record: Uint8Array,
  offset: number,
  header: HeaderStart,
  number: bigint,
  object: Octets,
): Promise<void> {
  const parsed = readSignatureRecord(record, offset, header);
  if (parsed.objectNumber !== number) throw new FormatError('C-SIG-1', 'signature of another object', offset);
  if (!(await signatureHolds(signer, parsed, object))) {
    throw new FormatError('C-OBJ-3', 'the signature is wrong', offset);
  }
}
