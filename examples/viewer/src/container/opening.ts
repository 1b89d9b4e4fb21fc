/* SPDX-License-Identifier: Apache-2.0 */
import { FormatError, TruncatedError } from '../bytes/errors.js';
import { type Octets, copyOf } from '../bytes/octets.js';
import type { Source } from '../bytes/source.js';
import { type Slot, type SlotOwner, type SlotState, countingSlot, readSlot } from './access.js';
import { objectNumber, recordHeaderSize, recordType } from './format.js';
import { type Header, type HeaderStart, readHeaderBytes, readHeaderFields, readHeaderStart } from './header.js';
import { ObjectSigner } from './objects.js';
import { readRecordHeader } from './records.js';
import type { ContainerContext } from './segment.js';
import { requireSignature } from './signatures.js';

/** The header of a container is usable, but its signature fails (C-VER-8). */
export class HeaderForgedError extends FormatError {}

export interface OpenedContainer extends ContainerContext {
  /** Header and header signature, verbatim. */
  opening: Octets;
  slots: SlotState[];
  slot: Slot | null;
  /** Where the first segment begins. */
  firstRecord: number;
}

async function readHeaderSignature(source: Source, start: HeaderStart): Promise<Octets> {
  const at = start.raw.length;
  const head = await source.read(at, recordHeaderSize);
  if (head.length < recordHeaderSize) throw new TruncatedError('C-VER-8', 'the file stops within the signature of the header', at);
  let size: number;
  try {
    const record = readRecordHeader(head, at);
    if (record.type !== recordType.signature || record.number !== 0) throw new FormatError('C-HDR-19', 'no signature of the header', at);
    size = recordHeaderSize + record.bodySize;
  } catch (error) {
    if (error instanceof FormatError) throw new HeaderForgedError(error.rule, error.message, at);
    throw error;
  }
  const record = await source.read(at, size);
  if (record.length < size) throw new TruncatedError('C-VER-8', 'the file stops within the signature of the header', at);
  return record;
}

/** Verifies the signature of a header; `record` is its signature record. */
export async function verifyHeaderSignature(start: HeaderStart, record: Octets): Promise<ObjectSigner> {
  const at = start.raw.length;
  const leaf = start.chain[0];
  const signer = leaf === undefined ? null : await ObjectSigner.of(start.prefix.algorithm, leaf.publicKey);
  if (signer === null) throw new HeaderForgedError('C-ALG-3', 'the algorithm does not belong to the key of the signer', at);
  try {
    await requireSignature(signer, record, at, start, objectNumber.header, start.raw);
  } catch (error) {
    if (error instanceof FormatError) throw new HeaderForgedError(error.rule, error.message, at);
    throw error;
  }
  return signer;
}

export interface OpenedHeader extends ContainerContext {
  opening: Octets;
}

/**
 * Reads header and header signature from the start of a source (a container, or what a package holds
 * of it). Throws UnsupportedError or another FormatError where there is no usable header, and
 * HeaderForgedError where its signature fails.
 */
export async function openHeader(source: Source): Promise<OpenedHeader> {
  const raw = await readHeaderBytes(source);
  const start = readHeaderStart(raw);
  if (!start.isSigned) return { header: readHeaderFields(start), signer: null, opening: raw };
  const record = await readHeaderSignature(source, start);
  const signer = await verifyHeaderSignature(start, record);
  const opening = new Uint8Array(raw.length + record.length);
  opening.set(raw);
  opening.set(record, raw.length);
  return { header: readHeaderFields(start), signer, opening };
}

export function slotOwner(header: Header): SlotOwner {
  return { id: header.containerId, headerHash: header.hash };
}

/** Opens a container: header, signature of the header, access block. */
export async function openContainer(source: Source): Promise<OpenedContainer> {
  const opened = await openHeader(source);
  const at = opened.opening.length;
  const keys = opened.header.keys;
  if (keys === null) {
    return { ...opened, slots: [], slot: null, firstRecord: at };
  }
  const block = await source.read(at, 2 * keys.slotSize);
  if (block.length < 2 * keys.slotSize) throw new TruncatedError('C-VER-8', 'the file stops within the access block', at);
  const slots: SlotState[] = [];
  for (const from of [0, keys.slotSize]) {
    slots.push(await readSlot(copyOf(block.subarray(from, from + keys.slotSize)), at + from, slotOwner(opened.header)));
  }
  return { ...opened, slots, slot: countingSlot(slots), firstRecord: at + 2 * keys.slotSize };
}
