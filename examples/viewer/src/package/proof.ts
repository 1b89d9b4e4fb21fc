/* SPDX-License-Identifier: Apache-2.0 */
import { FormatError, reasonOf } from '../bytes/errors.js';
import { equal, hex } from '../bytes/octets.js';
import { PartSource, type Source } from '../bytes/source.js';
import { type Verdict, worst } from '../container/report.js';
import type { CasePresentation } from './case.js';
import { type Film, type FilmTrack, readFilm } from './film.js';
import { contradicts } from './film_description.js';
import { FilmTimes, type Jumps, type PairedTrack } from './film_times.js';
import { digestOf } from './frames.js';
import { ProvenSamples, type RecordedSample, compareSample } from './proof_samples.js';
import type { PackageReport } from './report.js';
import { type PackageOptions, verifyPackage } from './verify.js';

export interface SampleFailure {
  /** Of the recorder. */
  track: number;
  presentationTrack: number;
  /** Number in its track, from 0. */
  sample: number;
  segment: number;
  time: bigint;
}

export interface SamplesReport {
  verdict: Verdict;
  reason: string;
  /** The first wrong sample (E-PRF-4); null where none is, or where the whole film is refused. */
  failure: SampleFailure | null;
  compared: number;
}

export interface ProofReport {
  verdict: PackageReport['outcome'];
  reason: string;
  /** Is it, byte for byte, the file that the exporter signed? Null where none was given. */
  presentation: 'same' | 'differs' | null;
  isPicture: boolean;
  samples: SamplesReport | null;
  /** Where a film goes on without a gap; null of pictures, and of films that prove nothing. */
  jumps: Jumps | null;
  /** The proof itself. */
  evidence: PackageReport;
}

interface Found extends SampleFailure {
  source: number;
  verdict: Verdict;
  reason: string;
}

/** Compares the samples of a presentation with what was recorded. */
class Comparison {
  private readonly found: Found[] = [];
  private verdict: Verdict = 'authentic';
  private reason = '';
  private compared = 0;
  jumps: Jumps | null = null;

  constructor(
    private readonly presentation: CasePresentation,
    private readonly samples: ProvenSamples,
    private readonly source: Source,
    private readonly signal: AbortSignal | undefined,
  ) {}

  private say(verdict: Verdict, reason: string): void {
    if (worst(this.verdict, verdict) !== this.verdict) this.reason = reason;
    this.verdict = worst(this.verdict, verdict);
  }

  private name(recorded: RecordedSample, presentationTrack: number, sample: number, verdict: Verdict, reason: string): void {
    const { segment, track, utc } = recorded;
    this.say(verdict, reason);
    this.found.push({
      source: segment.source, track: track.number, presentationTrack, sample, segment: segment.manifest.segment, time: utc, verdict, reason,
    });
  }

  report(): SamplesReport {
    const first = this.found
      .filter((one) => one.verdict === this.verdict)
      .reduce<Found | null>((best, one) => (best === null || one.source < best.source || (one.source === best.source && one.time < best.time) ? one : best), null);
    const failure = first === null
      ? null
      : { track: first.track, presentationTrack: first.presentationTrack, sample: first.sample, segment: first.segment, time: first.time };
    return { verdict: this.verdict, reason: first?.reason ?? this.reason, failure, compared: this.compared };
  }

  private async one(recorded: RecordedSample, at: number, size: number, track: number, number: number): Promise<void> {
    this.signal?.throwIfAborted();
    this.compared++;
    const wanted = recorded.sample.presented.layout.sampleSize;
    const result = wanted === size ? await compareSample(recorded, await this.source.read(at, size)) : 'differs';
    if (result === 'differs') this.name(recorded, track, number, 'not_authentic', 'a sample is not the one that was recorded');
    if (result === 'undecryptable') this.name(recorded, track, number, 'undecryptable', 'there is no secret to compare a sample with');
  }

  /** A track with its samples in one piece each (E-FLM-4); those of length 0 may be missing. */
  private async track(film: FilmTrack, all: readonly RecordedSample[]): Promise<PairedTrack> {
    const recorded: RecordedSample[] = [];
    let next = 0;
    for (const [number, one] of all.entries()) {
      const size = film.sizes[next];
      const { sampleSize } = one.sample.presented.layout;
      if (sampleSize === 0 && size !== 0) continue;
      if (size === undefined) {
        this.name(one, film.id, number, 'not_authentic', 'a sample is missing');
        return { film, recorded };
      }
      await this.one(one, film.offsets[next] as number, size, film.id, number);
      // Behind a sample of another length all that follows differs.
      if (size !== sampleSize) return { film, recorded };
      recorded.push(one);
      next++;
    }
    if (next < film.sizes.length) this.say('not_authentic', 'the film has samples that were not recorded');
    return { film, recorded };
  }

  private checkTracks(film: Film): void {
    const { tracks: named } = this.presentation;
    for (const track of film.tracks) {
      if (!named.some((one) => one.presentationTrack === track.id)) throw new FormatError('E-PRF-1', `the film has a track ${track.id}, which the case does not name`);
    }
    for (const { track, presentationTrack } of named) {
      const shown = film.tracks.find((one) => one.id === presentationTrack);
      if (shown === undefined) throw new FormatError('E-PRF-1', `the film has no track ${presentationTrack}`);
      for (const { track: recorded } of this.samples.tracks.get(track) ?? []) {
        const what = contradicts(shown.description, recorded);
        if (what !== null) throw new FormatError('E-FLM-2', `film: track ${presentationTrack} is ${what}`);
      }
    }
  }

  private requireNamed(): void {
    for (const [track, list] of this.samples.tracks) {
      if (list.length > 0 && !this.presentation.tracks.some((one) => one.track === track)) {
        throw new FormatError('E-PRF-1', `samples of track ${track} are presented, which the case does not name`);
      }
    }
  }

  private absent(): void {
    for (const one of this.samples.absent) {
      const named = this.presentation.tracks.find((mapping) => mapping.track === one.track);
      if (named === undefined) continue;
      const reason = 'a sample that was recorded is not in the film';
      this.say('incomplete', reason);
      const { source, segment, track, before, utc } = one;
      this.found.push({ source, segment, track, presentationTrack: named.presentationTrack, sample: before, time: utc, verdict: 'incomplete', reason });
      return;
    }
  }

  async film(): Promise<void> {
    try {
      if (this.samples.presented === 0) throw new FormatError('E-PRF-5', 'a film without any sample that was recorded');
      this.requireNamed();
      const film = await readFilm(this.source, this.samples.presented);
      this.checkTracks(film);
      const pairs: PairedTrack[] = [];
      for (const shown of film.tracks) {
        const mapping = this.presentation.tracks.find((one) => one.presentationTrack === shown.id);
        pairs.push(await this.track(shown, this.samples.tracks.get(mapping?.track ?? -1) ?? []));
      }
      if (this.verdict !== 'not_authentic') this.times(film, pairs);
      this.absent();
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      this.found.length = 0;
      this.say('not_authentic', reasonOf(error));
    }
  }

  private times(film: Film, pairs: readonly PairedTrack[]): void {
    const times = new FilmTimes(film, pairs);
    times.compare();
    for (const { recorded, track, sample, rule, reason } of times.faults) {
      const text = `${reason} (${rule})`;
      if (recorded === null) this.say('not_authentic', text);
      else this.name(recorded, track.id, sample, 'not_authentic', text);
    }
    this.jumps = times.jumps;
  }

  /** A picture that is a sample itself is the whole file (E-PRF-1). */
  async picture(): Promise<void> {
    try {
      this.requireNamed();
      await this.requirePicture();
      let at = 0;
      for (const { track, presentationTrack } of this.presentation.tracks) {
        for (const [number, recorded] of (this.samples.tracks.get(track) ?? []).entries()) {
          const size = Math.min(recorded.sample.presented.layout.sampleSize, this.source.size - at);
          await this.one(recorded, at, size, presentationTrack, number);
          at += size;
        }
      }
      if (this.samples.presented > 0 && at !== this.source.size) this.say('not_authentic', 'the picture has bytes that were not recorded');
      if (this.samples.presented === 0 && this.presentation.derivation === null) {
        throw new FormatError('E-PRF-5', 'a picture that was decoded, and that does not say from what');
      }
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      this.say('not_authentic', reasonOf(error));
    }
  }

  private async requirePicture(): Promise<void> {
    const magic = pictureMagics[this.presentation.mediaType ?? ''];
    if (magic === undefined) throw new FormatError('E-PRF-9', 'a picture that is neither PNG nor JPEG');
    const start = await new PartSource(this.source, 0, magic.length).read(0, magic.length);
    if (!equal(start, magic)) throw new FormatError('E-PRF-9', 'a file that is no picture of its type');
  }
}

const pictureMagics: Record<string, Uint8Array> = {
  'image/png': Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
  'image/jpeg': Uint8Array.of(0xff, 0xd8, 0xff),
};

function isPictureType(presentation: CasePresentation | null): boolean {
  return presentation?.mediaType?.startsWith('image/') === true;
}

async function compareFile(presentation: CasePresentation, file: Source, signal: AbortSignal | undefined): Promise<'same' | 'differs'> {
  if (BigInt(file.size) !== presentation.size) return 'differs';
  const digest = await digestOf(file, () => signal?.throwIfAborted());
  return hex(digest) === presentation.sha256 ? 'same' : 'differs';
}

/** Verifies a proof and, where it is given, the clear file beside it (section 9). */
export async function verifyProof(source: Source, file: Source | null, options: PackageOptions): Promise<ProofReport> {
  const samples = new ProvenSamples();
  const evidence = await verifyPackage(source, {
    ...options,
    onLeaves: (number, opened, result) => {
      samples.add(number, opened, result);
      return Promise.resolve();
    },
  });
  const presentation = evidence.contents?.case?.presentation ?? null;
  const isPicture = isPictureType(presentation);
  const report: ProofReport = {
    verdict: evidence.outcome, reason: evidence.reason, presentation: null, isPicture, samples: null, jumps: null, evidence,
  };
  if (evidence.outcome === 'malformed' || evidence.outcome === 'unsupported') return report;
  if (file === null || presentation === null) return { ...report, verdict: worst(evidence.outcome, 'incomplete') };
  report.presentation = await compareFile(presentation, file, options.signal);
  const comparison = new Comparison(presentation, samples, file, options.signal);
  if (isPicture) await comparison.picture();
  else await comparison.film();
  report.samples = comparison.report();
  report.jumps = report.samples.verdict === 'not_authentic' ? null : comparison.jumps;
  const differs: Verdict = report.presentation === 'same' ? 'authentic' : samples.presented === 0 ? 'not_authentic' : 'incomplete';
  report.verdict = worst(evidence.outcome, report.samples.verdict, differs);
  if (evidence.outcome === 'authentic') report.reason = report.samples.reason || (differs === 'authentic' ? '' : 'the file is not the one that the exporter signed');
  return report;
}
