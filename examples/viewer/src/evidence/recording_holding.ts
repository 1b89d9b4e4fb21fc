/* SPDX-License-Identifier: Apache-2.0 */
import { FormatError, reasonOf } from '../bytes/errors.js';
import { type Octets, equal, hex } from '../bytes/octets.js';
import { type Credentials, openSlot } from '../container/access.js';
import { conclude } from '../container/conclusion.js';
import { checkAndOpen } from '../container/opened_check.js';
import { type Description, readDescription } from '../container/description.js';
import { protection } from '../container/format.js';
import type { ContentKeys } from '../container/keys.js';
import { HeaderForgedError, type OpenedContainer, openContainer, slotOwner } from '../container/opening.js';
import type { ContainerReport } from '../container/report.js';
import { readSegment, secretsOf } from '../container/samples.js';
import { type Findings, type VerifyOptions, reportOfOpening, walkContainer } from '../container/verify.js';
import type { Certificate } from '../x509/certificate.js';
import type { SegmentCheck } from './checkers.js';
import { type ContainerTable, readContainerTable } from './container_table.js';
import type { Holding, Opened, Platform, VerifyCall, Verified } from './holding.js';
import { type Evidence, ProblemError } from './model.js';
import { AttestedSegments, type PartReader, type ReadableSegment } from './part_reader.js';
import { problemOf, throwIfCancelled } from './problems.js';
import { type JudgedContainer, recordingReport } from './recording_report.js';
import { type SequenceMember, judgeSequences } from './sequence.js';
import { type PlacedPart, anyLocks, devicesOf, locksOf, partView } from './views.js';
import { Witness } from './witness.js';

interface HeldContainer extends PlacedPart {
  file: Opened;
  opened: OpenedContainer | null;
  /** Why it was not opened. */
  failure: unknown;
  places: ContainerTable | null;
  keys: ContentKeys | null;
  /** What the last verification found; it depends on the key and not on trust. */
  findings: Findings | null;
}

async function openOne(file: Opened, index: number): Promise<HeldContainer> {
  const held = { file, keys: null, findings: null, description: null };
  try {
    const opened = await openContainer(file.source);
    const { header } = opened;
    const places = await readContainerTable(opened, file.source);
    const view = partView(index, header, file.name, new Set());
    view.segments = places.table;
    return { ...held, view, header, description: header.description, opened, failure: null, places };
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    const view = partView(index, null, file.name, new Set());
    view.unusable = reasonOf(error);
    return { ...held, view, header: null, opened: null, failure: error, places: null };
  }
}

/** One container or several, of one recording or several. */
export class RecordingHolding implements Holding {
  readonly reexport = 'allowed';
  private readonly witness: Witness;
  /** When the last of what is known was read. */
  private read: bigint | null = null;

  private constructor(
    private readonly containers: HeldContainer[],
    private readonly platform: Platform,
  ) {
    this.witness = new Witness(containers.map(({ file }) => file));
  }

  /** Throws ProblemError where no file has a verdict. */
  static async open(files: readonly Opened[], platform: Platform): Promise<RecordingHolding> {
    const containers: HeldContainer[] = [];
    for (const [index, file] of files.entries()) containers.push(await openOne(file, index));
    const hasVerdict = containers.some(({ opened, failure }) => opened !== null || failure instanceof HeaderForgedError);
    if (!hasVerdict) throw problemOf(containers[0]?.failure);
    return new RecordingHolding(containers, platform);
  }

  private get isSealed(): boolean {
    return this.containers.some(({ header }) => header !== null && header.keys !== null);
  }

  private get isUnlocked(): boolean {
    return this.containers.every(({ header, keys }) => header === null || header.keys === null || keys !== null);
  }

  evidence(): Evidence {
    const [first] = this.containers;
    return {
      kind: 'recording',
      name: first?.file.name ?? '',
      size: this.containers.reduce((sum, { file }) => sum + file.source.size, 0),
      packageId: null,
      isSealed: this.isSealed,
      isUnlocked: this.isUnlocked,
      locks: anyLocks(this.containers.filter(({ keys }) => keys === null).map(({ opened }) => locksOf(opened?.slot ?? null))),
      devices: devicesOf(this.containers),
      parts: this.containers.map(({ view }) => view),
      case: null,
      attachments: [],
      reexport: true,
      reexportReason: this.reexport,
    };
  }

  async unlock(credentials: Credentials, progress: (part: number) => void): Promise<{ isOpen: boolean; reason: string }> {
    const locked = this.containers.filter(({ header, keys }) => header !== null && header.keys !== null && keys === null);
    let reason = '';
    let isAnyOpen = locked.length === 0;
    for (const [i, container] of locked.entries()) {
      const { opened } = container;
      if (opened === null || opened.header.keys === null) continue;
      const tell = (part: number): void => progress((i + part) / locked.length);
      const result = await openSlot(opened.slot, credentials, slotOwner(opened.header), opened.header.keys.check, tell);
      if (result.state !== 'opened') {
        reason ||= result.reason;
        continue;
      }
      isAnyOpen = true;
      container.keys = result.keys;
      container.findings = null;
      container.description = await openedDescription(opened, result.keys);
    }
    return { isOpen: isAnyOpen, reason };
  }

  carried(): Certificate[] {
    return this.containers.flatMap(({ opened }) => [...(opened?.header.chain ?? []), ...(opened?.slot?.officer ?? [])]);
  }

  reader(part: number): PartReader {
    const held = this.containers[part];
    if (held === undefined) throw new ProblemError('internal', `there is no part ${part}`);
    const { opened, places, keys, file } = held;
    if (opened === null || places === null) throw problemOf(held.failure);
    const secrets = keys === null ? null : secretsOf(keys);
    const placeOf = (row: number): { offset: number; end: number } => ({ offset: places.offsets[row] ?? 0, end: places.ends[row] ?? 0 });
    return {
      header: opened.header,
      removed: new Set(),
      isLocked: opened.header.keys !== null && keys === null,
      sizeOf: (row) => Promise.resolve(placeOf(row).end - placeOf(row).offset),
      read: async (row): Promise<ReadableSegment> => {
        const { piece, manifest, samples } = await readSegment(opened, file.source, placeOf(row), secrets);
        const found = piece.piece;
        if (found === null || manifest.segment !== places.table.numbers[row]) throw new FormatError('C-SEG-2', 'another segment stands where this one belongs', placeOf(row).offset);
        const named = places.hashOf(row);
        const open = manifest.entries.filter(({ track }) => secrets !== null || opened.header.tracks[track]?.protection === protection.none);
        return {
          number: manifest.segment,
          hash: found.hash,
          isSigned: found.isSigned || (opened.header.isSigned && named !== null && equal(named, found.hash)),
          tracks: new Set(open.map(({ track }) => track)),
          samples,
        };
      },
    };
  }

  attachment(number: number): Promise<Blob> {
    return Promise.reject(new ProblemError('internal', `a recording has no attachment ${number}`));
  }

  private async walk(held: HeldContainer, call: VerifyCall, progress: (done: number) => void): Promise<Findings | null> {
    const { opened, file, keys } = held;
    if (opened === null) return null;
    if (held.findings !== null) return held.findings;
    const here: SegmentCheck = (place) => checkAndOpen(opened, file.source, place);
    const spread = await call.checkers.forContainer(this.platform.inputOf(file.blob), opened, here);
    try {
      const findings = await walkContainer(file.source, opened, {
        ...this.options(call, keys),
        ...(held.places === null ? {} : { places: held.places.offsets }),
        ...(spread === null ? {} : { checker: spread.checker, width: spread.width }),
        progress,
      });
      throwIfCancelled(call.signal);
      this.read = this.platform.now();
      // It may have been unlocked meanwhile; then something else is to be found.
      if (held.keys === keys) held.findings = findings;
      return findings;
    } finally {
      spread?.close();
    }
  }

  private options(call: VerifyCall, keys: ContentKeys | null): VerifyOptions {
    const { trust, signal } = call;
    return { trust, signal, ...(keys === null ? {} : { keys }) };
  }

  private progress(call: VerifyCall, index: number): (done: number) => void {
    const sizes = this.containers.map(({ file }) => file.source.size);
    const sumOf = (all: readonly number[]): number => all.reduce((sum, size) => sum + size, 0);
    const device = this.containers[index]?.view.device ?? null;
    const isOwn = (i: number): boolean => this.containers[i]?.view.device === device;
    const ownBefore = sumOf(sizes.filter((_, i) => i < index && isOwn(i)));
    const own = sumOf(sizes.filter((_, i) => isOwn(i)));
    const before = sumOf(sizes.slice(0, index));
    return (done) => call.progress({ done: ownBefore + done, of: own, device, overall: { done: before + done, of: sumOf(sizes) } });
  }

  async verify(call: VerifyCall): Promise<Verified> {
    try {
      // What was found before is about files that may have changed since; so may those that are read now.
      await this.witness.testify();
      const verified = await this.judge(call, await this.walkAll(call));
      await this.witness.testify();
      return verified;
    } catch (error) {
      if (problemOf(error).code === 'unreadable') for (const held of this.containers) held.findings = null;
      throw error;
    }
  }

  private async walkAll(call: VerifyCall): Promise<SequenceMember[]> {
    const members: SequenceMember[] = [];
    for (const [part, held] of this.containers.entries()) {
      const progress = this.progress(call, part);
      const findings = await this.walk(held, call, progress);
      if (findings !== null) members.push({ part, findings });
      progress(held.file.source.size);
    }
    return members;
  }

  private async judge(call: VerifyCall, members: readonly SequenceMember[]): Promise<Verified> {
    const { devices } = this.evidence();
    const sequences = judgeSequences(members);
    const judged: JudgedContainer[] = [];
    for (const [part, held] of this.containers.entries()) {
      throwIfCancelled(call.signal);
      const isContinued = sequences.continued.has(part);
      const findings = members.find((member) => member.part === part)?.findings ?? null;
      const report = await this.conclude(held, findings, call, isContinued);
      judged.push({ part: held.view, report, joint: sequences.findings.get(part) ?? [], isContinued });
    }
    const attested = new Map(judged.map(({ part, report }) => [part.index, new AttestedSegments(report.segments)]));
    const report = recordingReport(judged, devices, {
      trust: call.trust,
      trustView: call.trustView,
      unknownFingerprints: call.unknownFingerprints,
      read: this.read ?? call.trust.now,
      version: this.platform.version,
      expectedHead: call.expectedHead === null ? null : hex(call.expectedHead),
    });
    return { report: { ...report, isSealed: this.isSealed, isUnlocked: this.isUnlocked }, attested };
  }

  private async conclude(held: HeldContainer, findings: Findings | null, call: VerifyCall, isContinued: boolean): Promise<ContainerReport> {
    const { failure, keys } = held;
    if (findings === null) return reportOfOpening(failure);
    const options = this.options(call, keys);
    if (!isContinued) return conclude(findings, options);
    // The container behind it says where it ends; what stands behind that end is told all the same.
    const { coverage } = await conclude(findings, options);
    return { ...(await conclude(findings, options, true)), coverage };
  }
}

async function openedDescription(opened: OpenedContainer, keys: ContentKeys): Promise<Description | null> {
  const sealed = opened.header.sealedDescription;
  if (sealed === null) return opened.header.description;
  const texts: Octets | null = await keys.openDescription(sealed);
  try {
    return texts === null ? null : readDescription(texts);
  } catch (error) {
    if (error instanceof FormatError) return null;
    throw error;
  }
}
