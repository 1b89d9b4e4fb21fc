/* SPDX-License-Identifier: Apache-2.0 */
/* What recorders say of cameras' signatures, gathered from the records of all segments. */
import { FormatError, reasonOf } from '../bytes/errors.js';
import { type CameraRecord, readCameraRecord } from './camera_record.js';
import {
  type CameraReason, type CameraRun, type CameraSigner, type CameraTrack, type CameraVerdict, type CameraWords, type Device, type Evidence, type Part, type ProblemCode, ProblemError,
  type Utc, cameraCodec,
} from './model.js';
import type { ReadableSegment } from './part_reader.js';
import { problemOf } from './problems.js';

export interface CameraCall {
  evidence: Evidence;
  isSigned(part: number): boolean;
  /** Is a key missing? */
  isLocked(part: number): boolean;
  /** A segment that was compared with its manifest; null where nothing of it may be shown (C-LGT-5). */
  read(part: number, row: number): Promise<ReadableSegment | null>;
  progress(part: number): void;
  /** Throws where nobody waits any more. */
  check(): void;
}

/** Of each list that a stranger's file can make long; what is left out is counted. */
const most = { tracks: 64, runs: 2_000, signers: 64, faults: 50 } as const;

/** Why the records of a segment cannot be had, while others may be. */
const ofSegment: readonly ProblemCode[] = ['malformed', 'not_authentic', 'not_attested', 'sealed', 'undecryptable', 'unsupported'];

/** All groups of these are alike; of other verdicts each group is told by itself. */
const joined: readonly CameraVerdict[] = ['authentic', 'unsigned'];

/** Reasons for which what no signature covers is an alarm; of others it is the way that streams begin, end, or are. */
const alarming: readonly CameraReason[] = ['sei_missing', 'sei_changed', 'sei_malformed', 'stripped'];

function isDoubted(verdict: CameraVerdict, reasons: readonly CameraReason[]): boolean {
  return verdict === 'unsigned' ? reasons.some((reason) => alarming.includes(reason)) : verdict !== 'authentic';
}

function recordTracks(part: Part, isRemoved: boolean): number[] {
  return part.tracks.filter((track) => track.kind === 'metadata' && track.codec === cameraCodec && track.isRemoved === isRemoved).map((track) => track.number);
}

const day = 86_400_000_000_000n;

/** Signed times are the camera's, and may be anything. */
function endOf({ from, to }: CameraRecord, utc: Utc): Utc | null {
  return from !== null && to !== null && to > from && to - from < day ? utc + (to - from) : null;
}

/** What was said of one video track. */
class TrackWords {
  readonly view: CameraTrack;

  constructor(number: number) {
    this.view = {
      number, groups: 0, verdicts: { authentic: 0, missing: 0, changed: 0, inserted: 0, unsigned: 0 }, doubted: 0, missingGroups: 0, runs: [], runsLeftOut: 0, signers: [], signersLeftOut: 0,
    };
  }

  /** Index of the signer; null where nobody signed, or where there are too many. */
  private signer(record: CameraRecord): number | null {
    const { key, subject, identity, format } = record;
    if (key === null && subject === null) return null;
    const { signers } = this.view;
    const isSame = (one: CameraSigner): boolean => one.fingerprint === key && one.subject === subject && one.identity === identity && one.format === format;
    let index = signers.findIndex(isSame);
    if (index < 0 && signers.length >= most.signers) {
      this.view.signersLeftOut += 1;
      return null;
    }
    if (index < 0) index = signers.push({ subject, fingerprint: key, identity, format, groups: 0 }) - 1;
    (signers[index] as CameraSigner).groups += 1;
    return index;
  }

  add(record: CameraRecord, utc: Utc): void {
    const { view } = this;
    const { verdict, reasons, frames, missing, changed, inserted, missingGroups } = record;
    view.groups += 1;
    view.verdicts[verdict] += 1;
    const isBad = isDoubted(verdict, reasons);
    if (isBad) view.doubted += 1;
    view.missingGroups += missingGroups;
    const signer = this.signer(record);
    const last = view.runs[view.runs.length - 1];
    const isSame = last !== undefined && view.runsLeftOut === 0 && last.verdict === verdict && last.signer === signer && missingGroups === 0
      && joined.includes(verdict) && last.reasons.join() === reasons.join();
    if (isSame) {
      if (utc >= last.to) last.until = endOf(record, utc);
      last.to = utc > last.to ? utc : last.to;
      last.signedTo = record.to ?? last.signedTo;
      last.groups += 1;
      for (const [name, more] of [['frames', frames], ['missing', missing], ['changed', changed], ['inserted', inserted]] as const) last[name] += more;
    } else if (view.runs.length >= most.runs) view.runsLeftOut += 1;
    else view.runs.push({ verdict, reasons, isDoubted: isBad, from: utc, to: utc, until: endOf(record, utc), signedFrom: record.from, signedTo: record.to, groups: 1, frames, missing, changed, inserted, missingGroups, signer } satisfies CameraRun);
  }
}

/** What was said of all that a device recorded. */
class DeviceWords {
  private readonly tracks = new Map<number, TrackWords>();
  private readonly view: CameraWords;

  constructor(
    device: number,
    private readonly call: CameraCall,
    private readonly rowDone: () => void,
  ) {
    this.view = { device, tracks: [], faults: [], faultCount: 0, unread: 0, unreadCode: null, isLeftOut: false, isUnsigned: false };
  }

  private fault(part: number, utc: Utc, reason: string): void {
    const { view } = this;
    view.faultCount += 1;
    if (view.faults.length < most.faults) view.faults.push({ part, utc, reason });
  }

  private record(part: Part, utc: Utc, data: Uint8Array): void {
    try {
      const record = readCameraRecord(data);
      if (part.tracks[record.track]?.kind !== 'video') throw new FormatError('CS-REC-1', 'a record on a track that is no video');
      let track = this.tracks.get(record.track);
      if (track === undefined) {
        if (this.tracks.size >= most.tracks) throw new FormatError('CS-REC-1', 'a record on one video track too many');
        track = new TrackWords(record.track);
        this.tracks.set(record.track, track);
      }
      track.add(record, utc);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      this.fault(part.index, utc, reasonOf(error));
    }
  }

  private async segment(part: Part, row: number, wanted: readonly number[]): Promise<void> {
    const segment = await this.call.read(part.index, row);
    if (segment === null) throw new ProblemError('not_attested', 'no signature that was verified covers it');
    if (!wanted.some((track) => segment.tracks.has(track))) {
      if (this.call.isLocked(part.index)) throw new ProblemError('sealed', 'it is sealed, and was not opened');
      // No group of pictures began in it.
      return;
    }
    for await (const { utc, data } of segment.samples((track) => wanted.includes(track.number))) this.record(part, utc, data);
  }

  async add(part: Part): Promise<void> {
    const { view } = this;
    if (recordTracks(part, true).length > 0) view.isLeftOut = true;
    const wanted = recordTracks(part, false);
    const rows = part.segments.numbers.length;
    if (wanted.length === 0 || part.unusable !== null) {
      for (let row = 0; row < rows; row += 1) this.rowDone();
      return;
    }
    if (!this.call.isSigned(part.index)) view.isUnsigned = true;
    for (let row = 0; row < rows; row += 1) {
      this.call.check();
      try {
        await this.segment(part, row, wanted);
      } catch (error) {
        const { code } = problemOf(error, 'not_authentic');
        if (!ofSegment.includes(code)) throw error;
        const isShut = this.call.isLocked(part.index) && (code === 'sealed' || code === 'undecryptable');
        view.unread += isShut ? rows - row : 1;
        view.unreadCode ??= isShut ? 'sealed' : code;
        // Without the key the others do not open either.
        if (isShut) break;
      }
      this.rowDone();
    }
  }

  done(): CameraWords {
    this.view.tracks = [...this.tracks.values()].map(({ view }) => view).sort((a, b) => a.number - b.number);
    return this.view;
  }
}

function partsOf(evidence: Evidence, device: Device): Part[] {
  return device.parts.flatMap((index) => evidence.parts[index] ?? []);
}

/** Of each device that has records, or had some. */
export async function collectCameraWords(call: CameraCall): Promise<CameraWords[]> {
  const { evidence } = call;
  const wanted = evidence.devices.filter((device) => partsOf(evidence, device).some((part) => recordTracks(part, false).length + recordTracks(part, true).length > 0));
  const rows = wanted.reduce((sum, device) => sum + partsOf(evidence, device).reduce((n, part) => n + part.segments.numbers.length, 0), 0);
  let done = 0;
  const found: CameraWords[] = [];
  for (const device of wanted) {
    const words = new DeviceWords(device.index, call, () => call.progress(++done / rows));
    for (const part of partsOf(evidence, device)) await words.add(part);
    found.push(words.done());
  }
  return found;
}
