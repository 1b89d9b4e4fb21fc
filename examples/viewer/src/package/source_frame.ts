/* SPDX-License-Identifier: Apache-2.0 */
import { Cursor } from '../bytes/cursor.js';
import { FormatError } from '../bytes/errors.js';
import { MemorySource } from '../bytes/source.js';
import { unknownUtc } from '../container/format.js';
import { type OpenedHeader, openHeader } from '../container/opening.js';
import type { Range } from '../container/report.js';
import { sourceInfoSize } from './format.js';
import type { Frame } from './frames.js';

/** What stands before the header of a source (section 5). */
export interface SourceInfo {
  removed: ReadonlySet<number>;
  /** The period that was asked for; null where it was not bounded. */
  period: Range;
  containerSize: number;
}

function periodEnd(utc: bigint): bigint | null {
  return utc === unknownUtc ? null : utc;
}

export function readSourceInfo(frame: Frame): SourceInfo {
  const cursor: Cursor = new Cursor(frame.c, 'E-SRC-1', frame.offsetB);
  const mask = cursor.u32('mask of removed tracks');
  cursor.zeros(4, 'bytes behind the mask');
  const period = { from: periodEnd(cursor.i64('from')), to: periodEnd(cursor.i64('to')) };
  const containerSize = cursor.size64('size of the container');
  const removed = new Set<number>();
  for (let track = 0; track < 32; track++) if (((mask >>> track) & 1) === 1) removed.add(track);
  return { removed, period, containerSize };
}

/** Header and header signature of a source, verified; nothing may follow them (E-SRC-1). */
export async function openSourceHeader(frame: Frame, info: SourceInfo): Promise<OpenedHeader> {
  const stored = frame.c.subarray(sourceInfoSize);
  const opened = await openHeader(new MemorySource(stored));
  if (opened.opening.length !== stored.length) throw new FormatError('E-SRC-1', 'bytes behind the header of a source', frame.offsetB);
  for (const track of info.removed) {
    if (track >= opened.header.tracks.length) throw new FormatError('E-SRC-3', 'removed track that the container does not have', frame.offsetB);
  }
  if (firstRecordOf(opened) > info.containerSize) throw new FormatError('E-SRC-1', 'container that is smaller than its header', frame.offsetB);
  return opened;
}

/** Where the first segment begins in the container. */
export function firstRecordOf(opened: OpenedHeader): number {
  return opened.opening.length + 2 * (opened.header.keys?.slotSize ?? 0);
}
