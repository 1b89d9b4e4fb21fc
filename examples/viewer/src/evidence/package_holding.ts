/* SPDX-License-Identifier: Apache-2.0 */
import { FormatError, reasonOf } from '../bytes/errors.js';
import { hex } from '../bytes/octets.js';
import type { Source } from '../bytes/source.js';
import type { Credentials } from '../container/access.js';
import type { Description } from '../container/description.js';
import type { ContentKeys } from '../container/keys.js';
import { UndecryptableError } from '../container/samples.js';
import type { Case } from '../package/case.js';
import { openAttachment, openCase } from '../package/contents.js';
import { frameFlag, policyBit } from '../package/format.js';
import { type BegunPackage, type OpenedPackage, beginPackage, openBegun, unlockPackage } from '../package/opening.js';
import { verifyProof } from '../package/proof.js';
import { SourceReader } from '../package/reading.js';
import type { PackageReport } from '../package/report.js';
import { checkSegmentFrame } from '../package/segment_frame.js';
import type { SegmentChecker } from '../package/source_walk.js';
import { type PackageOptions, type WalkMemory, verifyPackage } from '../package/verify.js';
import type { Certificate } from '../x509/certificate.js';
import type { Holding, Opened, Platform, VerifyCall, Verified } from './holding.js';
import { type Evidence, type Part, ProblemError, type Progress, type ReexportReason, type Report } from './model.js';
import { packageReport } from './package_report.js';
import { AttestedSegments, type PartReader } from './part_reader.js';
import { problemOf, throwIfCancelled } from './problems.js';
import { type PlacedPart, attachmentView, caseView, devicesOf, locksOf, noLocks, partView } from './views.js';
import { Witness } from './witness.js';

interface HeldSource extends PlacedPart {
  reader: SourceReader | null;
}

/** How much of what is saved is held in memory at once. */
const saveStep = 8 << 20;

/** A package, or a proof with the clear file beside it. */
export class PackageHolding implements Holding {
  private sources: HeldSource[] = [];
  private stated: Case | null = null;
  private keys: ContentKeys | null = null;
  /** What does not depend on trust; of another key, something else may come. */
  private memory: WalkMemory = { found: null };
  private readonly witness: Witness;
  /** When what `memory` holds was read. */
  private readAt: bigint | null = null;

  private constructor(
    private readonly file: Opened,
    private readonly film: Opened | null,
    private readonly begun: BegunPackage,
    /** Null where link 0 or the directories do not hold: then there is nothing but a report. */
    private readonly opened: OpenedPackage | null,
    private readonly platform: Platform,
  ) {
    this.witness = new Witness(film === null ? [file] : [file, film]);
  }

  /** Throws FormatError where the file has no verdict at all. */
  static async open(file: Opened, film: Opened | null, platform: Platform): Promise<PackageHolding> {
    const begun = await beginPackage(file.source);
    if (begun.header.isProof && film === null) throw new ProblemError('proof_without_film', 'the clear file that the proof belongs to is not there');
    const opened = await openBegun(begun).catch((error: unknown) => {
      if (error instanceof FormatError) return null;
      throw error;
    });
    const holding = new PackageHolding(file, film, begun, opened, platform);
    await holding.read();
    return holding;
  }

  private get isUnlocked(): boolean {
    return !this.begun.header.isSealed || this.keys !== null;
  }

  /** Sources and case, as far as they can be read with what there is. */
  private async read(): Promise<void> {
    const { opened } = this;
    if (opened === null) return;
    this.stated = await openCase(opened, this.keys).catch(onlyIfBroken);
    this.sources = [];
    for (const place of opened.index.sources) {
      let reader: SourceReader | null = null;
      let unusable: string | null = null;
      try {
        reader = await SourceReader.open(opened, place.number, this.keys);
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
        unusable = reasonOf(error);
      }
      this.sources.push({ ...this.describe(place.number, reader, unusable), reader });
    }
  }

  private describe(number: number, reader: SourceReader | null, unusable: string | null): PlacedPart {
    const header = reader?.container.header ?? null;
    const view: Part = partView(number, header, this.file.name, reader?.info.removed ?? new Set());
    const { segments } = this.opened?.index.sources[number] ?? {};
    if (segments !== undefined) view.segments = { numbers: segments.numbers, first: segments.firstUtc, last: segments.lastUtc };
    view.from = reader?.info.period.from ?? null;
    view.to = reader?.info.period.to ?? null;
    view.unusable = unusable;
    return { view, header, description: descriptionOf(reader) };
  }

  /** Where a link does not hold or foreign bytes stand behind the last, nobody can tell what was signed (E-LNK-4). */
  get reexport(): ReexportReason {
    const { links, places } = this.begun;
    if (links.some(({ link }) => link !== null && (link.policy & policyBit.noReexport) !== 0)) return 'forbidden';
    const newest = links[links.length - 1]?.link ?? null;
    return newest === null || this.opened === null || places.foreign !== null ? 'cannot_tell' : 'allowed';
  }

  evidence(): Evidence {
    const { header } = this.begun;
    const devices = devicesOf(this.sources, this.stated?.devices ?? []);
    return {
      kind: header.isProof ? 'proof' : 'package',
      name: this.file.name,
      size: this.file.source.size,
      packageId: hex(header.id),
      isSealed: header.isSealed,
      isUnlocked: this.isUnlocked,
      locks: header.isSealed ? locksOf(this.opened?.slot ?? null) : noLocks,
      devices,
      parts: this.sources.map(({ view }) => view),
      case: this.stated === null ? null : caseView(this.stated),
      attachments: (this.stated?.attachments ?? []).map(attachmentView),
      reexport: this.reexport === 'allowed',
      reexportReason: this.reexport,
    };
  }

  async unlock(credentials: Credentials, progress: (part: number) => void): Promise<{ isOpen: boolean; reason: string }> {
    if (this.opened === null) throw new ProblemError('not_authentic', 'its first link does not hold, so that nothing of it is read');
    const result = await unlockPackage(this.opened, credentials, progress);
    if (result === null) return { isOpen: true, reason: '' };
    if (result.state !== 'opened') return { isOpen: false, reason: result.reason };
    this.keys = result.keys;
    this.memory = { found: null };
    this.readAt = null;
    await this.read();
    return { isOpen: true, reason: '' };
  }

  carried(): Certificate[] {
    const links = this.begun.links.flatMap(({ link }) => link?.chain ?? []);
    return [...links, ...this.sources.flatMap(({ header }) => header?.chain ?? [])];
  }

  reader(part: number): PartReader {
    const held = this.sources[part];
    if (held === undefined) throw new ProblemError('internal', `there is no part ${part}`);
    const { reader, view } = held;
    if (reader === null) throw new ProblemError('malformed', view.unusable ?? 'the part cannot be read');
    if (this.begun.header.isProof) throw new ProblemError('unsupported', 'a proof holds no samples: they are in the clear file beside it');
    return {
      header: reader.container.header,
      removed: reader.info.removed,
      isLocked: !this.isUnlocked,
      sizeOf: async (row) => {
        const { entry } = await reader.at(row);
        return entry.end - entry.offset;
      },
      read: async (row) => reader.read(await reader.at(row)),
    };
  }

  async attachment(number: number): Promise<Blob> {
    const { opened } = this;
    if (opened === null) throw new ProblemError('not_authentic', 'its first link does not hold, so that nothing of it is read');
    const body = await openAttachment(opened, number, this.keys);
    if (body === null) throw new ProblemError('sealed', 'the attachment is sealed');
    return savedAs(body);
  }

  /** Bytes of each device's frames, as positions in the file. */
  private ranges(): { device: number | null; from: number; to: number }[] {
    const places = this.opened?.index.sources ?? [];
    const end = this.opened?.index.attachments[0]?.offset ?? this.opened?.index.case.offset ?? 0;
    return places.map((place, i) => ({
      device: this.sources[i]?.view.device ?? null,
      from: place.frame.offset,
      to: places[i + 1]?.frame.offset ?? end,
    }));
  }

  private progress(tell: (progress: Progress) => void): (done: number, of: number) => void {
    const ranges = this.ranges();
    return (done, of) => {
      const current = ranges.find((range) => done <= range.to)?.device ?? null;
      const own = current === null ? [{ from: 0, to: of }] : ranges.filter((range) => range.device === current);
      const sum = (read: (range: { from: number; to: number }) => number): number => own.reduce((total, range) => total + read(range), 0);
      const part = sum(({ from, to }) => Math.max(0, Math.min(done, to) - from));
      tell({ done: part, of: sum(({ from, to }) => to - from), device: current, overall: { done, of } });
    };
  }

  async verify(call: VerifyCall): Promise<Verified> {
    try {
      // What was found before is about a file that may have changed since; so may the one that is read now.
      await this.witness.testify();
      const verified = await this.verifyOnce(call);
      await this.witness.testify();
      return verified;
    } catch (error) {
      if (problemOf(error).code === 'unreadable') this.memory = { found: null };
      throw error;
    }
  }

  private async verifyOnce(call: VerifyCall): Promise<Verified> {
    const { trust, expectedHead, signal } = call;
    const here: SegmentChecker = (opened, _source, job) => checkSegmentFrame(opened, this.file.source, job);
    const spread = await call.checkers.forPackage(this.platform.inputOf(this.file.blob), here);
    const { memory } = this;
    const options: PackageOptions = {
      trust,
      ...(this.keys === null ? {} : { keys: this.keys }),
      ...(expectedHead === null ? {} : { expectedHead }),
      signal,
      ...(spread === null ? {} : { checker: spread.checker, attachments: spread.attachments, width: spread.width }),
      progress: this.progress((progress) => call.progress(progress)),
    };
    try {
      if (!this.begun.header.isProof) {
        const isKnown = memory.found !== null;
        const found = await verifyPackage(this.file.source, { ...options, memory });
        throwIfCancelled(signal);
        if (!isKnown || this.readAt === null) this.readAt = this.platform.now();
        return this.verified(call, found, this.readAt);
      }
      const proof = await verifyProof(this.file.source, this.film?.source ?? null, options);
      const verified = this.verified(call, proof.evidence, this.platform.now());
      const report: Report = { ...verified.report, outcome: proof.verdict, reason: proof.reason };
      if (proof.samples !== null) {
        report.film = {
          samples: proof.samples.verdict,
          samplesReason: proof.samples.reason,
          presentation: proof.presentation === 'same' ? 'authentic' : 'incomplete',
          presentationReason: proof.presentation === 'same' ? '' : 'it is not, byte for byte, the file that the exporter signed',
          jumps: proof.jumps?.count ?? 0,
        };
      }
      return { ...verified, report };
    } finally {
      spread?.close();
    }
  }

  private verified(call: VerifyCall, found: PackageReport, read: bigint): Verified {
    const attested = new Map((found.sources ?? []).map((source) => [source.number, new AttestedSegments(source.segments)]));
    const report = packageReport(found, {
      trust: call.trust,
      trustView: call.trustView,
      unknownFingerprints: call.unknownFingerprints,
      version: this.platform.version,
      read,
      // The links were read again: they may be others than when it was opened.
      reexport: found.reexport || this.reexport !== 'allowed' ? this.reexport : 'cannot_tell',
      parts: this.sources.map(({ view }) => view),
      devices: this.evidence().devices,
      isClosed: (part, row) => {
        const flags = this.opened?.index.sources[part]?.segments.flags[row] ?? 0;
        return this.keys === null && (flags & frameFlag.sealed) !== 0;
      },
    });
    return { report: { ...report, isUnlocked: this.isUnlocked }, attested };
  }
}

function onlyIfBroken(error: unknown): null {
  if (error instanceof FormatError || error instanceof UndecryptableError) return null;
  throw error;
}

/** What the recorder said of itself, where it is in the clear; sealed texts take the container's own key. */
function descriptionOf(reader: SourceReader | null): Description | null {
  const header = reader?.container.header;
  return header?.description ?? null;
}

/** A file to save. Its type says nothing, so that no browser shows what a stranger wrote as a page. */
async function savedAs(body: Source): Promise<Blob> {
  const type = 'application/octet-stream';
  const parts: Blob[] = [];
  for (let at = 0; at < body.size; at += saveStep) {
    const piece = await body.read(at, Math.min(saveStep, body.size - at));
    if (piece.length === 0) throw new ProblemError('unreadable', 'the file became shorter');
    parts.push(new Blob([piece]));
  }
  return new Blob(parts, { type });
}
