/* SPDX-License-Identifier: Apache-2.0 */
import { isContainer } from '../container/header.js';
import type { Sample } from '../container/samples.js';
import { sampleFlag } from '../container/format.js';
import { isPackage, readPackageHeader } from '../package/header.js';
import { Checkers, Precedence } from './checkers.js';
import { collectCameraWords } from './camera_words.js';
import { writeClipOf } from './clip.js';
import type { Holding, NamedFile, Opened, Platform, Verified } from './holding.js';
import { GuardedSource } from './guarded_source.js';
import { credentialsOf, readTrust } from './inputs.js';
import {
  type CameraWords, type Clip, type ClipRequest, type Evidence, type EvidenceSession, type KeyInput, ProblemError, type Progress, type Report,
  type SampleView, type SegmentSamples, type SegmentState, type TrustInput, segmentState,
} from './model.js';
import { PackageHolding } from './package_holding.js';
import { type PartReader, type ReadableSegment, RecentSegments, mayBeShown } from './part_reader.js';
import { asProblem, problemOf, throwIfCancelled } from './problems.js';
import { RecordingHolding } from './recording_holding.js';

const magicSize = 8;
/** More files than a recording of years has are not dropped by anybody. */
const maxFiles = 10_000;
/** A segment that takes more than this is not handed out at once. */
const maxSegment = 512 << 20;
/** Least time between two reports of progress, in milliseconds. */
const progressInterval = 40;

/** Reads evidence in the thread that it runs in, and has segments checked by workers, if there are any. */
export class LocalSession implements EvidenceSession {
  private held: Holding | null = null;
  private known: Evidence | null = null;
  private verified: Verified | null = null;
  private readonly recent = new RecentSegments();
  private readonly precedence = new Precedence();
  private readonly checkers: Checkers;
  private readonly closing = new AbortController();
  /** Ends the opening that is under way. */
  private opening: AbortController | null = null;
  /** Ends the verification that is under way. */
  private verifying: AbortController | null = null;

  constructor(private readonly platform: Platform) {
    this.checkers = new Checkers(platform.checkPorts, this.precedence);
  }

  open(files: readonly File[], signal?: AbortSignal): Promise<Evidence> {
    return this.openNamed(files.map((file) => ({ name: file.name, blob: file })), signal);
  }

  openNamed(files: readonly NamedFile[], signal?: AbortSignal): Promise<Evidence> {
    return asProblem(async () => {
      this.opening?.abort();
      this.verifying?.abort();
      const opening = this.stopping(signal);
      this.opening = opening;
      this.held = null;
      this.verified = null;
      this.recent.clear();
      // Whatever is read while it is opened stops with it; what is read afterwards, when the session is closed.
      const guard = { signal: opening.signal };
      throwIfCancelled(opening.signal);
      const held = await this.holdingOf(files, guard);
      throwIfCancelled(opening.signal);
      guard.signal = this.closing.signal;
      this.opening = null;
      this.held = held;
      this.known = held.evidence();
      return this.known;
    });
  }

  private async holdingOf(files: readonly NamedFile[], guard: { signal: AbortSignal }): Promise<Holding> {
    if (files.length === 0 || files.length > maxFiles) throw new ProblemError('not_evidence', `${files.length} files`);
    const packages: Opened[] = [];
    const containers: Opened[] = [];
    const others: Opened[] = [];
    for (const file of files) {
      const opened = { ...file, source: new GuardedSource(await this.platform.sourceOf(file.blob), guard) };
      const start = await opened.source.read(0, magicSize);
      (isPackage(start) ? packages : isContainer(start) ? containers : others).push(opened);
    }
    const [first, second] = packages;
    if (first === undefined) {
      const [other] = others;
      if (other !== undefined) throw new ProblemError('not_evidence', `"${other.name}" is neither evidence nor a recording`);
      return RecordingHolding.open(containers, this.platform);
    }
    if (second !== undefined || containers.length > 0) throw new ProblemError('several_packages', 'one package at a time, without recordings beside it');
    const { isProof } = await readPackageHeader(first.source);
    const [film, ...more] = others;
    if (film !== undefined && (!isProof || more.length > 0)) throw new ProblemError('not_evidence', `"${film.name}" does not belong to it`);
    return PackageHolding.open(first, film ?? null, this.platform);
  }

  private get holding(): Holding {
    if (this.held === null) throw new ProblemError('internal', 'nothing was opened');
    return this.held;
  }

  unlock(key: KeyInput, progress?: (part: number) => void, signal?: AbortSignal): Promise<Evidence> {
    return asProblem(async () => {
      const { holding } = this;
      const stop = this.stopping(signal);
      throwIfCancelled(stop.signal);
      const credentials = await credentialsOf(key);
      const tell = throttled((part: number) => progress?.(part));
      // Deriving a key takes seconds, and of many containers minutes: what it is told ends it.
      const { isOpen, reason } = await holding.unlock(credentials, (part) => {
        throwIfCancelled(stop.signal);
        tell(part);
      });
      if (this.held !== holding) throw new ProblemError('cancelled', 'something else was opened');
      if (!isOpen) throw new ProblemError('wrong_key', reason);
      // What was read without the key lacks what the key opens; a report made without it would be about less.
      this.verifying?.abort();
      this.recent.clear();
      this.verified = null;
      this.known = holding.evidence();
      return this.known;
    });
  }

  verify(trust: TrustInput, progress?: (progress: Progress) => void, signal?: AbortSignal): Promise<Report> {
    return asProblem(async () => {
      const { holding } = this;
      const stop = this.stopping(signal);
      throwIfCancelled(stop.signal);
      const read = readTrust(trust, holding.carried(), this.platform.now());
      this.verifying = stop;
      const call = {
        trust: read.trust,
        trustView: read.view,
        unknownFingerprints: read.unknownFingerprints,
        expectedHead: read.expectedHead,
        checkers: this.checkers,
        progress: monotone((told) => progress?.(told)),
        signal: stop.signal,
      };
      try {
        const verified = await holding.verify(call);
        // Aborted, unlocked, or another file opened meanwhile: then it is about what is no more.
        throwIfCancelled(stop.signal);
        this.verified = verified;
        return verified.report;
      } catch (error) {
        throwIfCancelled(stop.signal);
        // Of a file that changed, nothing that was found before holds.
        if (problemOf(error).code === 'unreadable') this.forget();
        throw error;
      } finally {
        if (this.verifying === stop) this.verifying = null;
      }
    });
  }

  private forget(): void {
    this.verified = null;
    this.recent.clear();
  }

  /** Aborted by the caller, or when the session is closed. */
  private stopping(signal: AbortSignal | undefined): AbortController {
    const both = new AbortController();
    const stop = (): void => both.abort();
    for (const one of [signal, this.closing.signal]) {
      if (one === undefined) continue;
      if (one.aborted) stop();
      else one.addEventListener('abort', stop, { once: true });
    }
    return both;
  }

  private async segment(part: number, number: number): Promise<{ reader: PartReader; segment: ReadableSegment; row: number }> {
    const { holding } = this;
    const { numbers } = this.known?.parts[part]?.segments ?? {};
    const row = numbers === undefined ? -1 : rowOf(numbers, number);
    const reader = holding.reader(part);
    if (row < 0) throw new ProblemError('malformed', `part ${part} has no segment ${number}`);
    const size = await reader.sizeOf(row);
    if (size > maxSegment) throw new ProblemError('unsupported', `segment ${number} takes ${size} bytes, too much to be shown`);
    const segment = await this.recent.get(part, row, size, () => reader.read(row));
    return { reader, segment, row };
  }

  samples(part: number, segment: number, tracks: readonly number[]): Promise<SegmentSamples> {
    const run = async (): Promise<SegmentSamples> => {
      const found = await this.readable(part, segment, tracks);
      const samples: SampleView[] = [];
      for await (const sample of found.segment.samples((track) => tracks.includes(track.number))) samples.push(sampleView(sample));
      return { part, segment, state: this.stateOf(part, found.row), samples };
    };
    return asProblem(() => this.precedence.first(run), 'not_authentic');
  }

  /** A segment of which something may be shown (C-LGT-5), and of which one of the tracks can be had. */
  private async readable(part: number, number: number, tracks: readonly number[]): Promise<{ segment: ReadableSegment; row: number }> {
    const reader = this.holding.reader(part);
    const { segment, row } = await this.segment(part, number).catch((error: unknown) => {
      if (reader.isLocked && isUndecryptable(error)) throw new ProblemError('sealed', 'it is sealed, and was not opened');
      throw error;
    });
    if (!mayBeShown(segment, reader.header, this.verified?.attested.get(part) ?? null)) {
      throw new ProblemError('not_attested', `no signature that was verified covers segment ${number}`);
    }
    if (reader.isLocked && tracks.length > 0 && !tracks.some((track) => segment.tracks.has(track))) {
      throw new ProblemError('sealed', 'these tracks are sealed, and were not opened');
    }
    return { segment, row };
  }

  private stateOf(part: number, row: number): SegmentState {
    for (const device of this.verified?.report.devices ?? []) {
      for (const one of device.parts) if (one.part === part) return (one.states[row] ?? segmentState.unchecked) as SegmentState;
    }
    return segmentState.unchecked;
  }

  cameraWords(progress?: (part: number) => void, signal?: AbortSignal): Promise<CameraWords[]> {
    return asProblem(async () => {
      const { holding, verified } = this;
      if (verified === null) throw new ProblemError('not_attested', 'nothing was verified yet');
      const stop = this.stopping(signal);
      const read = async (part: number, row: number): Promise<ReadableSegment | null> => {
        const reader = holding.reader(part);
        if ((await reader.sizeOf(row)) > maxSegment) throw new ProblemError('unsupported', 'the segment is too large');
        const segment = await reader.read(row);
        return mayBeShown(segment, reader.header, verified.attested.get(part) ?? null) ? segment : null;
      };
      const words = await collectCameraWords({
        evidence: this.known ?? holding.evidence(),
        isSigned: (part) => holding.reader(part).header.isSigned,
        isLocked: (part) => holding.reader(part).isLocked,
        read,
        progress: throttled((part: number) => progress?.(part)),
        check: () => throwIfCancelled(stop.signal),
      });
      // About another file, or another key, meanwhile.
      if (this.held !== holding || this.verified !== verified) throw new ProblemError('cancelled', 'something else was opened');
      return words;
    }, 'not_authentic');
  }

  attachment(number: number): Promise<Blob> {
    return asProblem(() => {
      const { holding } = this;
      requireReexport(holding);
      return holding.attachment(number);
    }, 'not_authentic');
  }

  clip(request: ClipRequest, progress?: (part: number) => void, signal?: AbortSignal): Promise<Clip> {
    return asProblem(async () => {
      const { holding } = this;
      requireReexport(holding);
      const stop = this.stopping(signal);
      try {
        return await writeClipOf({
          evidence: this.known ?? holding.evidence(),
          request,
          readerOf: (part) => holding.reader(part),
          read: async (part, number, tracks) => (await this.readable(part, number, tracks)).segment,
          progress: throttled((part: number) => progress?.(part)),
          signal: stop.signal,
        });
      } catch (error) {
        throwIfCancelled(stop.signal);
        throw error;
      }
    }, 'not_authentic');
  }

  close(): void {
    this.closing.abort();
    this.held = null;
    this.verified = null;
    this.recent.clear();
  }
}

/** Neither media nor attachments are written to clear files where that is forbidden, or may be (E-VER-9, E-LNK-4). */
function requireReexport({ reexport }: Holding): void {
  if (reexport === 'allowed') return;
  const reason = reexport === 'forbidden' ? 'a link forbids to export it again' : 'what would allow to export it again does not hold';
  throw new ProblemError('reexport_forbidden', reason);
}

function isUndecryptable(error: unknown): boolean {
  return error instanceof Error && error.name === 'UndecryptableError';
}

/** Row of a segment in a table, whose numbers ascend; -1 where there is none. */
function rowOf(numbers: Float64Array, wanted: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((numbers[middle] as number) < wanted) low = middle + 1;
    else high = middle;
  }
  return numbers[low] === wanted ? low : -1;
}

function sampleView(sample: Sample): SampleView {
  const { track, dts, pts, duration, utc, flags, data } = sample;
  return {
    track: track.number,
    dts,
    pts,
    duration,
    utc,
    isSync: (flags & sampleFlag.sync) !== 0,
    isDiscardable: (flags & sampleFlag.discardable) !== 0,
    data,
  };
}

/** Not more often than anybody can see; the end is always told. */
function throttled(tell: (part: number) => void): (part: number) => void {
  let last = -progressInterval;
  return (part) => {
    const now = performance.now();
    if (part < 1 && now - last < progressInterval) return;
    last = now;
    tell(part);
  };
}

/** Progress that never goes back, and that is told not more often than anybody can see. */
function monotone(tell: (progress: Progress) => void): (progress: Progress) => void {
  let done = -1;
  let last = -progressInterval;
  return (progress) => {
    const { overall } = progress;
    const now = performance.now();
    if (overall === undefined || overall.done <= done) return;
    if (overall.done < overall.of && now - last < progressInterval) return;
    done = overall.done;
    last = now;
    tell(progress);
  };
}
