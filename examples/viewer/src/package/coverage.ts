/* SPDX-License-Identifier: Apache-2.0 */
import type { ChainedSegment } from '../container/chain.js';
import { cutEndOf, gapsOf } from '../container/conclusion.js';
import type { Coverage, Range } from '../container/report.js';
import { type SourceFindings, mediaOf } from './source_walk.js';

function overlaps(segment: ChainedSegment, period: Range): boolean {
  return (period.to === null || segment.firstUtc < period.to) && (period.from === null || segment.lastUtc > period.from);
}

function beginIsThere(segments: readonly ChainedSegment[], first: ChainedSegment, from: bigint | null): boolean {
  if (first.number === 0) return true;
  if (from === null) return false;
  if (first.firstUtc <= from) return true;
  const before = segments.find((one) => one.number === first.number - 1 && one.run === first.run);
  return before !== undefined && before.lastUtc <= from;
}

function endIsThere(found: SourceFindings, segments: readonly ChainedSegment[], last: ChainedSegment, to: bigint | null): boolean {
  if (found.end?.isClosed === true && found.end.record.segments === last.number + 1) return true;
  if (to === null) return false;
  if (last.lastUtc >= to) return true;
  const isSigned = found.opened?.header.isSigned === true;
  const next = segments.find((one) => one.number === last.number + 1 && one.run === last.run);
  return next !== undefined && (next.isAttested || !isSigned) && next.firstUtc >= to;
}

/**
 * Why the period of a source is not wholly covered by what is carried (E-VER-3, E-SRC-4); empty where it
 * is. `isContinued`: a later container, which is carried too, names its last manifest.
 */
export function whyNotCovered(found: SourceFindings, isContinued: boolean): string {
  const { info, opened, chain } = found;
  if (info === null || opened === null || chain === null) return 'the source cannot be read';
  const { period } = info;
  const { segments } = chain;
  const media = mediaOf(found);
  const first = media[0];
  const last = media[media.length - 1];
  if (first === undefined || last === undefined) {
    const isEmpty = period.from === null && period.to === null && found.end?.isClosed === true && found.end.record.segments === 0;
    return isEmpty ? '' : 'there is no sample in the period';
  }
  if (!media.some((one) => overlaps(one, period))) return 'there is no sample in the period';
  if (opened.header.isSigned && media.some((one) => !one.isAttested)) return 'no signature that is carried covers the end of the period';
  if (segments.some((one) => !one.hasMedia && overlaps(one, period))) return 'of a segment in the period only the manifest is carried';
  if (!beginIsThere(segments, first, period.from)) return 'the begin of the period is not there';
  if (!isContinued && !endIsThere(found, segments, last, period.to)) return 'the end of the period is not there';
  return '';
}

/** Segments that count as covered. */
export function countedOf(found: SourceFindings): ChainedSegment[] {
  const isSigned = found.opened?.header.isSigned === true;
  return mediaOf(found).filter((segment) => !segment.isFaulty && (segment.isAttested || !isSigned));
}

export function coverageOf(found: SourceFindings, counted: readonly ChainedSegment[]): Coverage {
  return {
    from: counted[0]?.firstUtc ?? null,
    to: counted.reduce<bigint | null>((latest, one) => (latest === null || one.lastUtc > latest ? one.lastUtc : latest), null),
    gaps: gapsOf(counted),
    // Of a part of a recording the end may be left out.
    cutEnd: found.info?.period.to === null ? cutEndOf(found.end?.record ?? null, counted) : null,
    unattestedBytes: 0,
    isClosed: found.end?.isClosed ?? false,
    endReason: found.end?.record.reason ?? null,
  };
}
