/* SPDX-License-Identifier: Apache-2.0 */
import { FormatError, reasonOf } from '../bytes/errors.js';
import { type Octets, hex } from '../bytes/octets.js';
import type { Source } from '../bytes/source.js';
import type { ContentKeys } from '../container/keys.js';
import { UndecryptableError } from '../container/samples.js';
import type { FrameEntry } from './directory.js';
import { frameFlag } from './format.js';
import { type OnRead, bodyOf, digestOf, maxWatched, readFrame, undigestedBody } from './frames.js';
import { frameKeysOf } from './keys.js';
import type { AttachmentReport } from './report.js';

/**
 * Either digest of an attachment, that of the frame (E-DIR-2) and that of what it holds, which the case
 * names, goes from its first byte to its last. So large ones are two jobs, which can run at the same time.
 */
export interface AttachmentJob {
  entry: FrameEntry;
  isSealed: boolean;
  /** Of its body; bytes, so that they can be sent to a worker. */
  key: Octets | null;
  part: 'all' | 'frame' | 'body';
}

export interface AttachmentFinding {
  verdict: 'authentic' | 'not_authentic' | 'undecryptable';
  reason: string;
  /** Of what it holds, where that was asked for and can be read. */
  size: number | null;
  sha256: string | null;
}

export interface AttachmentWatch {
  /** The part of the job that is done, 0 to 1. */
  progress(part: number): void;
  /** Waits while something else has precedence. */
  turn?(): Promise<void>;
  signal?: AbortSignal | undefined;
}

/** Does jobs elsewhere, in workers for instance. Rejects with the signal's reason as soon as it is aborted. */
export type AttachmentChecker = (job: AttachmentJob, watch: AttachmentWatch) => Promise<AttachmentFinding>;

const nothingWrong: AttachmentFinding = { verdict: 'authentic', reason: '', size: null, sha256: null };

/** A finding, where the error is one; everything else is thrown again. */
export function findingOf(error: unknown): AttachmentFinding {
  if (error instanceof UndecryptableError) return { ...nothingWrong, verdict: 'undecryptable', reason: reasonOf(error) };
  if (error instanceof FormatError) return { ...nothingWrong, verdict: 'not_authentic', reason: reasonOf(error) };
  throw error;
}

async function bodyFinding(body: Source | null, onRead: OnRead): Promise<AttachmentFinding> {
  if (body === null) return nothingWrong;
  return { ...nothingWrong, size: body.size, sha256: hex(await digestOf(body, onRead)) };
}

/** Does one job in this thread. */
export async function checkAttachmentPart(source: Source, job: AttachmentJob, onRead: OnRead): Promise<AttachmentFinding> {
  const { entry, key, part } = job;
  try {
    if (part === 'body') return await bodyFinding(await undigestedBody(source, entry, job, key), onRead);
    const frame = await readFrame(source, entry, job, onRead);
    return part === 'frame' ? nothingWrong : await bodyFinding(bodyOf(frame, key), onRead);
  } catch (error) {
    return findingOf(error);
  }
}

/** Where attachments are, and how they are opened. */
export interface AttachmentPlace {
  source: Source;
  isSealed: boolean;
  keys: ContentKeys | null;
  entries: readonly FrameEntry[];
}

export interface AttachmentOptions {
  /** Told the offset in the package up to which everything was checked, or as many bytes as that. */
  progress: (offset: number) => void;
  signal?: AbortSignal | undefined;
  checker?: AttachmentChecker | undefined;
}

export function bodyKey(entry: FrameEntry, keys: ContentKeys | null): Octets | null {
  return keys === null ? null : frameKeysOf(keys, entry.index).body;
}

function jobsOf({ isSealed, keys }: AttachmentPlace, entry: FrameEntry): AttachmentJob[] {
  const key = bodyKey(entry, keys);
  const job = { entry, isSealed, key };
  // Those that are read at once are read only once.
  if (entry.end - entry.offset <= maxWatched) return [{ ...job, part: 'all' }];
  const isClosed = (entry.flags & frameFlag.sealed) !== 0 && key === null;
  return isClosed ? [{ ...job, part: 'frame' }] : [{ ...job, part: 'frame' }, { ...job, part: 'body' }];
}

/** Bytes of all jobs that are done, in any order. */
class Tally {
  private done: number;

  constructor(
    start: number,
    private readonly tell: (offset: number) => void,
  ) {
    this.done = start;
  }

  /** Of a job that stands for so many bytes. */
  share(bytes: number): (part: number) => void {
    let counted = 0;
    return (part) => {
      const now = Math.floor(bytes * part);
      // A job whose worker died begins again.
      if (now <= counted) return;
      this.done += now - counted;
      counted = now;
      this.tell(this.done);
    };
  }
}

/** One job after the other, in this thread. */
class Here {
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly source: Source) {}

  readonly check: AttachmentChecker = (job, { progress, turn, signal }) => {
    const run = (): Promise<AttachmentFinding> =>
      checkAttachmentPart(this.source, job, async (done, of) => {
        progress(of === 0 ? 1 : done / of);
        await turn?.();
        signal?.throwIfAborted();
      });
    const result = this.last.then(() => {
      signal?.throwIfAborted();
      return run();
    });
    this.last = result.catch(() => undefined);
    return result;
  };
}

/** What a worker could not do is done here, so that the reason, if it is the file, comes out as it is. */
function withHere(checker: AttachmentChecker | undefined, here: AttachmentChecker): AttachmentChecker {
  if (checker === undefined) return here;
  return (job, watch) =>
    checker(job, watch).catch((error: unknown) => {
      if (watch.signal?.aborted === true) throw error;
      return here(job, watch);
    });
}

/** The frame's digest comes first: where it is wrong, nothing else about the attachment is said. */
function together(entry: FrameEntry, findings: readonly AttachmentFinding[]): AttachmentReport {
  const number = entry.number ?? 0;
  const broken = findings.find(({ verdict }) => verdict !== 'authentic');
  if (broken !== undefined) return { ...broken, number };
  const body = findings.find(({ size }) => size !== null) ?? nothingWrong;
  return { ...body, number };
}

/** Compares attachments with their digests, and hashes what they hold: several at once, where there are workers. */
export async function checkAttachments(place: AttachmentPlace, options: AttachmentOptions): Promise<AttachmentReport[]> {
  const { signal } = options;
  signal?.throwIfAborted();
  const check = withHere(options.checker, new Here(place.source).check);
  const tally = new Tally(place.entries[0]?.offset ?? 0, options.progress);
  return Promise.all(
    place.entries.map(async (entry) => {
      const jobs = jobsOf(place, entry);
      const findings = await Promise.all(
        jobs.map(async (job) => {
          const progress = tally.share((entry.end - entry.offset) / jobs.length);
          const finding = await check(job, { progress, signal });
          progress(1);
          return finding;
        }),
      );
      return together(entry, findings);
    }),
  );
}
