/* SPDX-License-Identifier: Apache-2.0 */
import { type Octets, equal, isZero } from '../bytes/octets.js';
import { MemorySource, PlacedSource } from '../bytes/source.js';
import type { Chain } from '../container/chain.js';
import type { EndRecord } from '../container/end_record.js';
import { recordType, unknownUtc } from '../container/format.js';
import { IndexBuilder } from '../container/index_records.js';
import type { ContainerContext, Fault } from '../container/segment.js';
import { TailWalk } from '../container/tail.js';
import { Window } from '../container/window.js';

/** An end record that is carried, with its signature and a tail record. */
export interface CarriedEnd {
  record: EndRecord;
  isClosed: boolean;
}

/** What contradicts the chain that leads to the end record (E-SRC-6); null where nothing does. */
function contradiction(context: ContainerContext, chain: Chain, end: EndRecord): string | null {
  const { segments } = chain;
  const last = chain.last;
  if (end.segments === 0) {
    const isEmpty = equal(end.lastHash, context.header.hash) && end.lastUtc === unknownUtc && end.rootOffset === 0 && isZero(end.rootHash);
    if (!isEmpty) return 'end record of a container without segments that names some';
  }
  for (const segment of segments) {
    if (segment.number >= end.segments) return 'end record that counts fewer segments than are carried';
    const isLast = segment.number === end.segments - 1;
    if (isLast !== equal(segment.hash, end.lastHash)) return 'end record that names another last manifest';
  }
  if (last === null || segments.length !== end.segments) return null;
  return chain.latestUtc === end.lastUtc ? null : 'end record with another last UTC than the segments';
}

/** Checks an end frame: from the end record to behind a tail record, and nothing else (E-SRC-6). */
export async function checkEnd(
  context: ContainerContext,
  chain: Chain,
  c: Octets,
  origin: number,
): Promise<{ end: CarriedEnd | null; faults: Fault[] }> {
  const fault = (rule: string, reason: string): Fault => ({ rule, offset: origin, reason: `${reason} (${rule})` });
  if (c[0] !== recordType.end) return { end: null, faults: [fault('E-SRC-6', 'end frame that does not begin with the end record')] };
  const placed = new PlacedSource(new MemorySource(c), origin);
  const input = {
    context,
    window: new Window(placed, placed.size),
    size: placed.size,
    zerosFrom: placed.size,
    chain,
    index: new IndexBuilder(context.header.hash),
    isUnbroken: false,
  };
  const tail = await new TailWalk(input, origin).run();
  const faults: Fault[] = [...tail.faults];
  if (faults.length === 0 && (!tail.isClosed || tail.attestedEnd !== placed.size)) {
    faults.push(fault('E-SRC-6', 'end frame that does not stop behind a tail record'));
  }
  if (tail.end === null) return { end: null, faults };
  const what = contradiction(context, chain, tail.end);
  if (what !== null) faults.push(fault('E-SRC-6', what));
  return { end: { record: tail.end, isClosed: tail.isClosed && faults.length === 0 }, faults };
}
