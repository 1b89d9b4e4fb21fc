/* SPDX-License-Identifier: Apache-2.0 */
import type { ChainedSegment } from '../container/chain.js';
import type { Coverage, GapReport } from '../container/report.js';
import { type GapKind, type GapView, type SegmentTable, segmentState } from './model.js';

/** A stretch behind the last segment of which something signed says that it was there. */
export interface CutEnd {
  from: bigint;
  to: bigint;
  lost: number;
}

export interface GapFacts {
  part: number;
  coverage: Coverage;
  /** Everything that stands in the chain, also what does not count. */
  segments: readonly ChainedSegment[];
  table: SegmentTable;
  states: Uint8Array;
  /** Did anything fail? A recorder may leave numbers out, and an exporter segments: that alone is no failure. */
  hasFailures: boolean;
  cutEnd: CutEnd | null;
}

/** Is something that failed still there, between two numbers? */
function isBrokenBetween({ table, states }: GapFacts, above: number, below: number): boolean {
  return states.some((state, row) => {
    const number = table.numbers[row] ?? -1;
    return number > above && number < below && state === segmentState.failed;
  });
}

function kindOf(gap: GapReport, facts: GapFacts): GapKind {
  if (gap.lost === 0 || !facts.hasFailures) return 'silence';
  return isBrokenBetween(facts, gap.segment - gap.lost - 1, gap.segment) ? 'altered' : 'lost';
}

function atEnd(facts: GapFacts): GapView[] {
  const { cutEnd, part, segments } = facts;
  if (cutEnd === null || !facts.hasFailures) return [];
  const counted = segments.reduce((most, one) => (one.isFaulty ? most : Math.max(most, one.number)), -1);
  const kind = isBrokenBetween(facts, counted, Infinity) ? 'altered' : 'lost';
  return [{ part, kind, from: cutEnd.from, to: cutEnd.to, reason: 'none', lost: cutEnd.lost }];
}

/** Numbers that are nowhere, between segments that are there but do not count: coverage knows nothing of them. */
function betweenUncounted(facts: GapFacts, known: readonly GapView[]): GapView[] {
  if (!facts.hasFailures) return [];
  const { numbers, first, last } = facts.table;
  const there = new Set(facts.segments.map((one) => one.number));
  const found: GapView[] = [];
  numbers.forEach((number, row) => {
    const before = numbers[row - 1];
    const [from, to] = [last[row - 1], first[row]];
    if (before === undefined || from === undefined || to === undefined || number <= before + 1 || there.has(before + 1)) return;
    if (known.some((gap) => gap.kind !== 'silence' && gap.from <= from && gap.to >= to)) return;
    found.push({ part: facts.part, kind: 'lost', from, to, reason: 'none', lost: number - before - 1 });
  });
  return found;
}

/** The gaps of a part, and whether they are the recorder's silence or somebody's work. */
export function gapViews(facts: GapFacts): GapView[] {
  const within = facts.coverage.gaps.map((gap): GapView => {
    const { from, to, reason, lost } = gap;
    return { part: facts.part, kind: kindOf(gap, facts), from, to, reason, lost };
  });
  return [...within, ...betweenUncounted(facts, within), ...atEnd(facts)];
}
