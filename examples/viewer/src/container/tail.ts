/* SPDX-License-Identifier: Apache-2.0 */
import { FormatError } from '../bytes/errors.js';
import { type Octets, copyOf, equal, isZero } from '../bytes/octets.js';
import { RunningSha256 } from '../crypto/hash.js';
import type { Chain } from './chain.js';
import { type EndRecord, readEndRecord, readTail, readTrailer } from './end_record.js';
import { limits, objectNumber, recordHeaderSize, recordType, unknownUtc } from './format.js';
import type { IndexBuilder } from './index_records.js';
import type { ObjectSigner } from './objects.js';
import { readRecordHeader } from './records.js';
import { type ContainerContext, type Fault, faultOf } from './segment.js';
import { requireSignature } from './signatures.js';
import type { Window } from './window.js';

/** What stands behind the last segment. */
export interface TailResult {
  /** Is there a valid end record, with its signature and a tail record? */
  isClosed: boolean;
  end: EndRecord | null;
  /** A failure; `segment` where it is that of a segment. */
  faults: (Fault & { segment: number | null })[];
  /** Behind the last structure that is whole. */
  attestedEnd: number;
}

/** The file ends, or nothing but zeros follows. */
class Cut extends Error {}

interface Whole {
  type: number;
  bytes: Octets;
}

export interface TailInput {
  context: ContainerContext;
  window: Window;
  size: number;
  zerosFrom: number;
  chain: Chain;
  index: IndexBuilder;
  /** Did everything before hold, so that the index can be built again? */
  isUnbroken: boolean;
}

/** Verifies late signatures, index, end record, tail and trailers. */
export class TailWalk {
  private at: number;
  private structureEnd = 0;
  private readonly result: TailResult;
  private root: { offset: number; hash: Octets } | null = null;

  constructor(
    private readonly input: TailInput,
    start: number,
  ) {
    this.at = start;
    this.result = { isClosed: false, end: null, faults: [], attestedEnd: start };
  }

  async run(): Promise<TailResult> {
    const regionStart = this.at;
    try {
      await this.walk(regionStart);
    } catch (error) {
      const isCut = error instanceof Cut || (error instanceof FormatError && this.structureEnd > this.input.zerosFrom);
      if (!isCut) this.result.faults.push({ segment: null, ...faultOf(error, this.at) });
    }
    return this.result;
  }

  private async walk(regionStart: number): Promise<void> {
    await this.lateSignatures();
    if (this.input.isUnbroken) await this.indexRecords();
    else await this.skipIndex();
    const end = await this.endRecord(regionStart);
    const tail = await this.tailRecord(end.offset, null);
    this.result.isClosed = true;
    this.result.attestedEnd = this.at;
    await this.trailers(end.offset, tail);
  }

  private structure(size: number): void {
    this.structureEnd = this.at + size;
  }

  /** The type of what stands here; ends the walk where nothing does. */
  private async type(): Promise<number> {
    if (this.at >= this.input.zerosFrom || this.at >= this.input.size) throw new Cut();
    return (await this.input.window.view(this.at, 1))[0] as number;
  }

  /** The whole record that stands here, which must be of one of the types. */
  private async record(...types: readonly number[]): Promise<Whole> {
    const type = await this.type();
    this.structure(1);
    if (!types.includes(type)) throw new FormatError('C-OVR-1', `record of type ${type} where none can stand`, this.at);
    this.structure(recordHeaderSize);
    const head = await this.input.window.view(this.at, recordHeaderSize);
    if (head.length < recordHeaderSize) throw new Cut();
    const header = readRecordHeader(head, this.at);
    if (header.number !== 0) throw new FormatError('C-REC-1', 'record outside of segments with a number', this.at);
    const size = recordHeaderSize + header.bodySize;
    if (this.at + size > this.input.size) throw new Cut();
    this.structure(size);
    return { type, bytes: copyOf(await this.input.window.view(this.at, size)) };
  }

  private async lateSignatures(): Promise<void> {
    const { chain, context } = this.input;
    while (context.header.critical.late && (await this.type()) === recordType.signature) {
      const { bytes } = await this.record(recordType.signature);
      const holder = chain.last === null ? 0 : chain.last.number + 1;
      const fault = await chain.addLateSignature({ offset: this.at, number: 0, bytes }, holder);
      if (fault !== null) {
        if (this.structureEnd > this.input.zerosFrom) throw new Cut();
        this.result.faults.push({ ...fault, segment: fault.segment === holder ? null : fault.segment });
      }
      this.at += bytes.length;
    }
  }

  private async indexRecords(): Promise<void> {
    const { records, root } = this.input.index.close(this.at);
    this.root = root;
    for (const expected of records) {
      const found = await this.record(recordType.index);
      if (!equal(found.bytes, expected.bytes)) {
        throw new FormatError('C-IDX-4', 'index record that the segments do not give', this.at);
      }
      this.at += found.bytes.length;
    }
  }

  /** After a failure the index cannot be built again. */
  private async skipIndex(): Promise<void> {
    while ((await this.type()) === recordType.index) this.at += (await this.record(recordType.index)).bytes.length;
  }

  private async endRecord(regionStart: number): Promise<EndRecord> {
    const { context } = this.input;
    const offset = this.at;
    const { bytes } = await this.record(recordType.end);
    let size = bytes.length;
    if (context.header.isSigned) {
      this.at += bytes.length;
      const signature = await this.record(recordType.signature);
      await requireSignature(
        context.signer as ObjectSigner, signature.bytes, this.at, context.header, objectNumber.end, bytes.slice(recordHeaderSize),
      );
      size += signature.bytes.length;
    }
    const end = readEndRecord(bytes, offset, context.header);
    this.result.end = end;
    // The signature holds: whatever else is wrong with it, it attests the manifests that lead to it.
    if (end.segments > 0) this.input.chain.attestByHash(end.lastHash);
    if (end.offset !== offset) throw new FormatError('C-END-1', 'end record that stands elsewhere', offset);
    await this.compareEnd(end, regionStart);
    this.at = offset + size;
    return end;
  }

  private async compareEnd(end: EndRecord, regionStart: number): Promise<void> {
    const { chain, isUnbroken } = this.input;
    const fail = (rule: string, what: string): never => {
      throw new FormatError(rule, what, end.offset);
    };
    if (!isUnbroken) return;
    if (end.segments !== (chain.expected ?? -1)) fail('C-END-1', 'another number of segments');
    if (chain.lastHash === null || !equal(end.lastHash, chain.lastHash)) fail('C-END-1', 'another last manifest');
    if (end.lastUtc !== (chain.latestUtc ?? unknownUtc)) fail('C-END-1', 'another last UTC');
    const digest = new RunningSha256();
    const step = 1 << 20;
    for (let at = regionStart; at < end.offset; at += step) {
      digest.update(await this.input.window.view(at, Math.min(step, end.offset - at)));
    }
    if (!equal(end.indexDigest, digest.peek())) fail('C-END-1', 'digest of other bytes before the end record');
    const root = this.root;
    if (root === null) {
      if (end.rootOffset !== 0 || !isZero(end.rootHash)) fail('C-END-3', 'index of a container without segments');
    } else if (end.rootOffset !== root.offset || !equal(end.rootHash, root.hash)) {
      fail('C-END-3', 'another root of the index');
    }
  }

  private async tailRecord(endOffset: number, first: Octets | null): Promise<Octets> {
    const { bytes } = await this.record(recordType.tail);
    if (readTail(bytes, this.at) !== endOffset) throw new FormatError('C-END-1', 'tail that names something else', this.at);
    if (first !== null && !equal(first, bytes)) throw new FormatError('C-TRL-2', 'another tail behind a trailer', this.at);
    this.at += bytes.length;
    return bytes;
  }

  private async trailers(endOffset: number, tail: Octets): Promise<void> {
    const running = new RunningSha256();
    let hashed = endOffset;
    for (let count = 0; this.at < this.input.size; count++) {
      const offset = this.at;
      const { bytes } = await this.record(recordType.trailer);
      if (count >= limits.trailers) throw new FormatError('C-LIM-1', 'too many trailers', offset);
      const trailer = readTrailer(bytes, offset);
      while (hashed < offset) {
        const piece = await this.input.window.view(hashed, Math.min(1 << 20, offset - hashed));
        running.update(piece);
        hashed += piece.length;
      }
      if (!equal(trailer.previous, running.peek())) throw new FormatError('C-TRL-2', 'trailer for something else', offset);
      this.at += bytes.length;
      await this.tailRecord(endOffset, tail);
      if (trailer.isToken) this.input.chain.addTrailer(offset, trailer.previous, trailer.content);
      this.result.attestedEnd = this.at;
    }
  }
}
