/* SPDX-License-Identifier: Apache-2.0 */
import { equal, hex } from '../bytes/octets.js';
import type { Header } from '../container/header.js';
import { roles } from '../x509/roles.js';
import { type SourceFindings, mediaOf } from './source_walk.js';

/** What the containers of a recording say about each other's sources. */
export interface JointFinding {
  /** Somebody contradicts it: the source is not authentic. */
  contradiction: string | null;
  /** A container that belongs beside it is missing. */
  missing: string | null;
  /** A later container names its last manifest: its end is there (E-VER-3). */
  isContinued: boolean;
}

/** A container, of which there may be several sources. */
interface Container {
  header: Header;
  sources: SourceFindings[];
}

const originEdge = 2;
const rotation = 2;
const clockStep = 3;

function isSame(a: Header, b: Header): boolean {
  return equal(a.containerId, b.containerId) && equal(a.hash, b.hash);
}

function beginOf(container: Container): bigint {
  for (const { chain } of container.sources) {
    const first = chain?.find(0);
    if (first !== undefined && (first.isAttested || !container.header.isSigned)) return first.firstUtc;
  }
  return container.header.createdUtc;
}

function endOf(container: Container): bigint {
  let latest: bigint | null = null;
  for (const { chain, end } of container.sources) {
    if (end !== null && end.record.segments > 0) return end.record.lastUtc;
    const last = chain?.latestUtc ?? null;
    if (last !== null && (latest === null || last > latest)) latest = last;
  }
  return latest ?? container.header.createdUtc;
}

/** Does a moment from `from`, included, to `to` lie within the period that a source asks for? */
function touches(found: SourceFindings, from: bigint | null, to: bigint | null): boolean {
  const period = found.info?.period ?? { from: null, to: null };
  const later = (a: bigint | null, b: bigint | null): bigint | null => (a === null ? b : b === null || a > b ? a : b);
  const earlier = (a: bigint | null, b: bigint | null): bigint | null => (a === null ? b : b === null || a < b ? a : b);
  const begin = later(period.from, from);
  const end = earlier(period.to, to);
  return begin === null || end === null || begin < end;
}

function isInOrder(before: SourceFindings, found: SourceFindings): boolean {
  const earlier = before.opened?.header.sequence ?? 0n;
  const later = found.opened?.header.sequence ?? 0n;
  if (later < earlier) return false;
  const { lastSegment, firstSegment: firstBefore } = before.place;
  const { firstSegment } = found.place;
  if (firstSegment === null || lastSegment === null || firstBefore === null) return true;
  if (later === earlier && (firstSegment.number ?? 0) <= (lastSegment.number ?? 0)) return false;
  return firstSegment.firstUtc >= firstBefore.firstUtc;
}

class Recording {
  /** By sequence number; of several the one that stands first. */
  private readonly containers = new Map<bigint, Container>();

  constructor(
    private readonly sources: readonly SourceFindings[],
    private readonly results: Map<SourceFindings, JointFinding>,
    private readonly isProof: boolean,
  ) {}

  private result(found: SourceFindings): JointFinding {
    return this.results.get(found) as JointFinding;
  }

  judge(): void {
    for (const found of this.sources) this.enter(found);
    for (const found of this.sources) this.compareLink(found);
    if (this.isProof) this.compareOrder();
    const inOrder = [...this.containers.values()].sort((a, b) => (a.header.sequence < b.header.sequence ? -1 : 1));
    for (const [i, container] of inOrder.entries()) {
      const next = inOrder[i + 1];
      if (i === 0) this.checkFirst(container);
      if (next === undefined) this.checkLast(container);
      else if (next.header.sequence === container.header.sequence + 1n) this.checkContinued(container, next);
      else this.checkGap(container, next);
    }
  }

  private enter(found: SourceFindings): void {
    const header = (found.opened as { header: Header }).header;
    const there = this.containers.get(header.sequence);
    if (there === undefined) this.containers.set(header.sequence, { header, sources: [found] });
    else if (isSame(there.header, header)) there.sources.push(found);
    else this.result(found).contradiction = `another container of the recording has number ${header.sequence} too`;
  }

  /** In a proof sources stand in the order of the recording, and none repeats what another shows (E-PRF-6). */
  private compareOrder(): void {
    for (const [i, found] of this.sources.entries()) {
      const before = this.sources[i - 1];
      if (before === undefined || isInOrder(before, found)) continue;
      this.result(found).contradiction ??= 'sources of the proof that are not in the order of the recording';
    }
  }

  /** What the header says of the container before, against the one that is carried (C-HDR-17). */
  private compareLink(found: SourceFindings): void {
    const header = (found.opened as { header: Header }).header;
    const { previous, sequence } = header;
    const before = this.containers.get(sequence - 1n);
    if (previous === null || before === undefined) return;
    this.result(found).contradiction ??= this.contradictionOf(previous, before);
  }

  private contradictionOf(previous: NonNullable<Header['previous']>, before: Container): string | null {
    if (!equal(previous.containerId, before.header.containerId)) return 'its header names another container before it than the one that is carried';
    const { segment, hash } = previous;
    if (segment === null && !equal(hash, before.header.hash)) return 'its header names another header of the container before it';
    for (const { chain, end } of before.sources) {
      if (segment === null) {
        if ((chain?.segments.length ?? 0) > 0 || (end !== null && end.record.segments > 0)) return 'its header says that the container before it has no segment';
        continue;
      }
      const named = chain?.find(segment);
      if (named !== undefined && !equal(named.hash, hash)) return 'its header names another manifest of the container before it';
      if (end !== null && end.record.segments <= segment) return 'its header names a segment that the container before it does not have';
    }
    return null;
  }

  private miss(found: SourceFindings, what: string): void {
    this.result(found).missing ??= what;
  }

  private checkFirst(container: Container): void {
    if (container.header.sequence === 0n) return;
    const begin = beginOf(container);
    for (const found of container.sources) {
      if (touches(found, null, begin)) this.miss(found, 'the container before it is missing, and the period begins there');
    }
  }

  private checkLast(container: Container): void {
    const closed = container.sources.find((one) => one.end !== null)?.end;
    const isPromised = closed?.record.reason === rotation || closed?.record.reason === clockStep;
    if (!isPromised) return;
    const end = endOf(container);
    for (const found of container.sources) {
      if (touches(found, end, null)) this.miss(found, 'its end promises another container, which is missing, and the period reaches there');
    }
  }

  private checkGap(before: Container, after: Container): void {
    const from = endOf(before);
    const to = beginOf(after);
    if (from >= to) return;
    for (const found of [...before.sources, ...after.sources]) {
      if (touches(found, from, to)) this.miss(found, 'a container of the recording is missing beside it');
    }
  }

  /** An open container ends where the header of the next one, which begins with segment 0, says (C-SEQ-2). */
  private checkContinued(container: Container, next: Container): void {
    const begins = next.sources.find((one) => mediaOf(one)[0]?.number === 0 && one.failures.length === 0);
    const { previous } = next.header;
    if (begins === undefined || previous === null || previous.segment === null) return;
    if (!equal(previous.containerId, container.header.containerId)) return;
    for (const found of container.sources) {
      const named = found.chain?.find(previous.segment);
      if (found.chain === null || named === undefined || !equal(named.hash, previous.hash) || found.end !== null) continue;
      const media = mediaOf(found);
      const isEnd = !named.hasMedia || named === media[media.length - 1];
      if (!isEnd) continue;
      found.chain.attestByHash(named.hash);
      this.result(found).isContinued = true;
    }
  }
}

/** Judges all sources of each recording together (E-VER-3, C-SEQ-2, C-SEQ-4). */
export function judgeRecordings(sources: readonly SourceFindings[], isProof = false): Map<SourceFindings, JointFinding> {
  const results = new Map<SourceFindings, JointFinding>();
  const groups = new Map<string, SourceFindings[]>();
  for (const found of sources) {
    results.set(found, { contradiction: null, missing: null, isContinued: false });
    const header = found.opened?.header;
    if (header === undefined) continue;
    // Containers that a camera recorded by itself have numbers of their own (C-SEQ-3).
    if (header.prefix.role === roles.camera && header.origin === originEdge) continue;
    const key = hex(header.recordingId);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [found]);
    else group.push(found);
  }
  for (const group of groups.values()) new Recording(group, results, isProof).judge();
  return results;
}
