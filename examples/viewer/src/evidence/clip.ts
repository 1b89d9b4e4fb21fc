/* SPDX-License-Identifier: Apache-2.0 */
import { FormatError } from '../bytes/errors.js';
import { UndecryptableError } from '../container/samples.js';
import { writeClip } from '../film/clip.js';
import { ClipError, type ClipPart } from '../film/model.js';
import { type Clip, type ClipGapReason, type ClipRequest, type Evidence, type ProblemCode, ProblemError } from './model.js';
import type { PartReader, ReadableSegment } from './part_reader.js';
import { kindOf } from './views.js';

export interface ClipCall {
  evidence: Evidence;
  request: ClipRequest;
  readerOf(part: number): PartReader;
  /** A segment that may be shown; throws where it may not. */
  read(part: number, segment: number, tracks: readonly number[]): Promise<ReadableSegment>;
  progress(part: number): void;
  signal: AbortSignal;
}

const gapCodes: Partial<Record<ProblemCode, ClipGapReason>> = {
  not_authentic: 'altered', not_attested: 'not_attested', sealed: 'sealed', unsupported: 'unreadable', undecryptable: 'undecryptable',
};

/** Why a film has a gap: what does not verify, may not be shown, or does not open. Null for what ends the clip. */
function gapReasonOf(error: unknown): ClipGapReason | null {
  if (error instanceof UndecryptableError) return 'undecryptable';
  if (error instanceof FormatError) return 'altered';
  return error instanceof ProblemError ? (gapCodes[error.code] ?? null) : null;
}

function partsOf(call: ClipCall): ClipPart[] {
  const { evidence, request } = call;
  const device = evidence.devices[request.device];
  if (device === undefined) throw new ProblemError('internal', `there is no device ${request.device}`);
  const parts: ClipPart[] = [];
  for (const index of device.parts) {
    const view = evidence.parts[index];
    if (view === undefined || view.unusable !== null) continue;
    const reader = call.readerOf(index);
    const wanted = reader.header.tracks.filter((track) => request.kinds.includes(kindOf(track)) && kindOf(track) !== 'metadata');
    const tracks = wanted.filter((track) => !reader.removed.has(track.number)).map((track) => track.number);
    parts.push({
      index,
      header: reader.header,
      segments: view.segments,
      tracks,
      read: async (segment) => {
        try {
          const { samples } = await call.read(index, segment, tracks);
          return { samples };
        } catch (error) {
          const reason = gapReasonOf(error);
          if (reason === null) throw error;
          return reason;
        }
      },
    });
  }
  return parts;
}

/** Writes a film of a period of one device. */
export async function writeClipOf(call: ClipCall): Promise<Clip> {
  const { from, to } = call.request;
  const parts = partsOf(call);
  if (parts.length > 0 && parts.every(({ index }) => call.readerOf(index).isLocked && call.evidence.kind === 'package')) {
    throw new ProblemError('sealed', 'it is sealed, and was not opened');
  }
  try {
    const result = await writeClip({ parts, from, to, progress: (part) => call.progress(part), signal: call.signal });
    const { film, samples, leftOut, gaps } = result;
    return { film, from: result.from, to: result.to, samples, leftOut, gaps };
  } catch (error) {
    if (error instanceof ClipError) throw new ProblemError(error.code === 'empty' ? 'clip_empty' : 'clip_impossible', error.message);
    throw error;
  }
}
