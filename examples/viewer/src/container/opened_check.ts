/* SPDX-License-Identifier: Apache-2.0 */
import type { Octets } from '../bytes/octets.js';
import { Scratch } from '../bytes/scratch.js';
import type { Source } from '../bytes/source.js';
import { trackSecretOf } from './keys.js';
import { UndecryptableError, openAllSamples } from './samples.js';
import { type ContainerContext, type SegmentInput, type SegmentPiece, checkSegment } from './segment.js';

/** Where a segment stands; it can be sent to a worker. */
export interface CheckedPlace extends Omit<SegmentInput, 'source'> {
  /** P of the container, where samples are to be opened too. */
  opensWith?: Octets;
}

/** Segments up to this size are read once, however often they are looked at. */
const maxInMemory = 64 << 20;

/** Checks a segment and, where there is a key, opens its samples from the same memory. */
export async function checkAndOpen(context: ContainerContext, source: Source, place: CheckedPlace, hasRead?: () => void, scratch = new Scratch()): Promise<SegmentPiece> {
  const { opensWith, ...input } = place;
  if (opensWith === undefined) return checkSegment(context, { source, ...input }, hasRead);
  const { at, expectedSize } = place;
  const isSmall = expectedSize !== undefined && expectedSize <= maxInMemory && at > 0 && at + expectedSize <= place.zerosFrom;
  if (isSmall) {
    // With the byte in front of it, which hashing needs.
    const piece = await scratch.with(source, at - 1, expectedSize + 1, async (memory) => {
      const within = { ...input, source: memory, at: 1, end: memory.size, zerosFrom: memory.size, shift: (place.shift ?? 0) + at - 1 };
      const checked = await checkSegment(context, within);
      // The size was a guess of the index: what does not fit it is looked at where it stands.
      if (checked.state !== 'whole') return null;
      hasRead?.();
      return openSamples(context, memory, { offset: 1, end: memory.size }, checked, opensWith);
    });
    if (piece !== null) return piece;
  }
  const piece = await checkSegment(context, { source, ...input });
  if (piece.state !== 'whole') return piece;
  return openSamples(context, source, { offset: at, end: at + piece.end - piece.offset }, piece, opensWith);
}

async function openSamples(
  context: ContainerContext,
  source: Source,
  place: { offset: number; end: number },
  piece: SegmentPiece,
  p: Octets,
): Promise<SegmentPiece> {
  const manifest = piece.piece?.manifest;
  if (manifest === undefined) return piece;
  try {
    await openAllSamples(context, source, place, manifest, ({ segment, salt }, track) => trackSecretOf(p, segment, track, salt));
    return { ...piece, undecryptable: null };
  } catch (error) {
    if (error instanceof UndecryptableError) return { ...piece, undecryptable: error.message };
    throw error;
  }
}
