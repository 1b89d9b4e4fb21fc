/* SPDX-License-Identifier: Apache-2.0 */
import { equal, hex } from '../bytes/octets.js';
import type { Header } from '../container/header.js';
import type { Verdict } from '../container/report.js';
import type { Findings } from '../container/verify.js';
import { roles } from '../x509/roles.js';

/** What the other containers of its recording say about one (C-SEQ-2). */
export interface SequenceFinding {
  verdict: Verdict;
  reason: string;
  /** Segments behind its last one that another container names: how many, and until when. */
  cut?: { lost: number; to: bigint };
}

/** A container of which everything was read. */
export interface SequenceMember {
  part: number;
  findings: Findings;
}

export interface SequenceResult {
  findings: Map<number, SequenceFinding[]>;
  /** Open containers whose end the next one names: that they are open is no fault. */
  continued: Set<number>;
}

const originEdge = 2;
const rotation = 2;
const clockStep = 3;
const verifiedWhenLinked = 1;
const notChecked = 4;

function headerOf(member: SequenceMember): Header {
  return member.findings.opened.header;
}

function segmentsIn(member: SequenceMember): number {
  return member.findings.chain.segments.length;
}

/** Containers of one recording, of which there are at least two. */
class Sequence {
  /** By sequence number; of copies the one with most segments, of forks the first. */
  private readonly byNumber = new Map<bigint, SequenceMember>();

  constructor(
    private readonly members: readonly SequenceMember[],
    private readonly result: SequenceResult,
  ) {}

  private say(member: SequenceMember, verdict: Verdict, reason: string, cut?: SequenceFinding['cut']): void {
    const list = this.result.findings.get(member.part) ?? [];
    const finding = { verdict, reason: `${reason} (C-SEQ-2)`, ...(cut === undefined ? {} : { cut }) };
    this.result.findings.set(member.part, [...list, finding]);
  }

  judge(): void {
    const distinct = this.withoutCopies();
    const numbered = distinct.filter((member) => !isEdge(headerOf(member)));
    for (const member of numbered) this.enter(member);
    this.findForks(numbered);
    for (const member of numbered) this.compareLink(member);
    this.findMissing();
  }

  /** Of a container that is there twice, the copy with more segments counts. */
  private withoutCopies(): SequenceMember[] {
    const kept = new Map<string, SequenceMember>();
    for (const member of this.members) {
      const { containerId, hash } = headerOf(member);
      const key = `${hex(containerId)} ${hex(hash)}`;
      const there = kept.get(key);
      if (there === undefined) {
        kept.set(key, member);
        continue;
      }
      const [more, less] = segmentsIn(member) > segmentsIn(there) ? [member, there] : [there, member];
      kept.set(key, more);
      this.say(less, 'incomplete', 'the container is there twice: this copy is not counted');
    }
    return [...kept.values()];
  }

  private enter(member: SequenceMember): void {
    const { sequence } = headerOf(member);
    const there = this.byNumber.get(sequence);
    if (there === undefined) {
      this.byNumber.set(sequence, member);
      return;
    }
    const reason = `two containers of the recording have number ${sequence}: it was forked`;
    for (const one of [there, member]) this.say(one, 'not_authentic', reason);
  }

  /** Two containers that name the same one before them, as one that was found (state 1 or 4). */
  private findForks(members: readonly SequenceMember[]): void {
    const named = new Map<string, SequenceMember>();
    for (const member of members) {
      const { previous } = headerOf(member);
      if (previous === null || (previous.state !== verifiedWhenLinked && previous.state !== notChecked)) continue;
      const key = hex(previous.containerId);
      const other = named.get(key);
      if (other === undefined) named.set(key, member);
      else for (const one of [other, member]) this.say(one, 'not_authentic', 'two containers name the same one before them: the recording was forked');
    }
  }

  private compareLink(member: SequenceMember): void {
    const { previous, sequence } = headerOf(member);
    if (sequence === 0n) return;
    if (previous === null) {
      this.say(member, 'incomplete', 'its header does not name the container before it: it is unlinked');
      return;
    }
    const before = this.byNumber.get(sequence - 1n);
    if (before === undefined) return;
    const { opened, chain, tail } = before.findings;
    if (!equal(previous.containerId, opened.header.containerId)) {
      this.say(before, 'not_authentic', 'the container behind it names another one of this number: it was replaced');
      return;
    }
    if (previous.segment === null) {
      const isEmpty = chain.segments.length === 0 && equal(previous.hash, opened.header.hash);
      if (!isEmpty) this.say(before, 'not_authentic', 'the container behind it says that it has no segment, or another header');
      return;
    }
    const named = chain.find(previous.segment);
    if (named === undefined) {
      const to = member.findings.chain.segments[0]?.firstUtc ?? headerOf(member).createdUtc;
      const cut = { lost: previous.segment - (chain.last?.number ?? -1), to };
      this.say(before, 'not_authentic', `segment ${previous.segment}, which the container behind it names, is not there: it was rolled back`, cut);
    } else if (!equal(named.hash, previous.hash)) {
      this.say(before, 'not_authentic', `segment ${previous.segment} is not the one that the container behind it names: it was rolled back`);
    } else if (tail?.isClosed !== true && chain.last === named && this.holds(member)) {
      chain.attestByHash(named.hash);
      this.result.continued.add(before.part);
    }
  }

  /** Can what a container says of others be relied on? */
  private holds(member: SequenceMember): boolean {
    const { opened, failures, chain } = member.findings;
    return opened.header.isSigned && failures.length === 0 && chain.segments.some((one) => one.isAttested);
  }

  private findMissing(): void {
    const inOrder = [...this.byNumber.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
    let next = 0n;
    for (const [sequence, member] of inOrder) {
      if (sequence > next) {
        const which = sequence === next + 1n ? `container ${next} of the recording is` : `containers ${next} to ${sequence - 1n} of the recording are`;
        this.say(member, 'incomplete', `${which} missing before it`);
      }
      next = sequence + 1n;
    }
    const last = inOrder[inOrder.length - 1]?.[1];
    const end = last?.findings.tail;
    const promises = end?.isClosed === true && (end.end?.reason === rotation || end.end?.reason === clockStep);
    if (last !== undefined && promises) this.say(last, 'incomplete', 'its signed end promises another container, which is missing');
  }
}

/** A camera numbers what it kept itself on its own (C-SEQ-3). */
function isEdge(header: Header): boolean {
  return header.prefix.role === roles.camera && header.origin === originEdge;
}

/** Judges containers of the same recording together; what is alone in its recording is judged by itself. */
export function judgeSequences(members: readonly SequenceMember[]): SequenceResult {
  const result: SequenceResult = { findings: new Map(), continued: new Set() };
  const recordings = new Map<string, SequenceMember[]>();
  for (const member of members) {
    const key = hex(headerOf(member).recordingId);
    const group = recordings.get(key);
    if (group === undefined) recordings.set(key, [member]);
    else group.push(member);
  }
  for (const group of recordings.values()) if (group.length > 1) new Sequence(group, result).judge();
  return result;
}
