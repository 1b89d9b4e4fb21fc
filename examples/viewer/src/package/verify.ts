/* SPDX-License-Identifier: Apache-2.0 */
import { FormatError, UnsupportedError, reasonOf } from '../bytes/errors.js';
import type { Source } from '../bytes/source.js';
import type { Credentials } from '../container/access.js';
import type { Trust } from '../container/judgement.js';
import type { ContentKeys } from '../container/keys.js';
import { type Verdict, worst } from '../container/report.js';
import type { AttachmentChecker } from './attachments.js';
import { checkContents } from './contents.js';
import { policyBit } from './format.js';
import { attestedByLinks, compareWithMedia, findHead, judgeLinks, judgeTokens } from './link_judgement.js';
import { type BegunPackage, type OpenedPackage, beginPackage, openBegun, unlockPackage } from './opening.js';
import { judgeRecordings } from './recordings.js';
import type { ContentsReport, PackageAccess, PackageReport } from './report.js';
import { judgeSource } from './source_judgement.js';
import { type SegmentChecker, type SourceFindings, type WalkOptions, walkSource } from './source_walk.js';

export interface PackageOptions {
  trust: Trust;
  /** Something to open it with; without it, nothing that is sealed is opened. */
  credentials?: Credentials;
  /** The key, when it was opened before; then credentials are not looked at. */
  keys?: ContentKeys;
  /** Head of a link that is known from elsewhere, as from a receipt. */
  expectedHead?: Uint8Array;
  /** Told how many bytes of how many were verified. */
  progress?: (done: number, of: number) => void;
  /** Aborts with the reason of the signal. */
  signal?: AbortSignal;
  /** Checks segments elsewhere, in workers for instance. */
  checker?: SegmentChecker;
  /** Checks attachments elsewhere, behind all segments. */
  attachments?: AttachmentChecker;
  /** Segments that are checked at once. */
  width?: number;
  /** Open samples for which there are secrets, to see whether they do open (E-VER-7); true if not told otherwise. */
  opensSamples?: boolean;
  /** Keeps what was found without looking at trust, for the next call with the same file and key. */
  memory?: WalkMemory;
  /** Given what leaves frames of a proof present, in order. */
  onLeaves?: WalkOptions['onLeaves'];
}

/** What a verification found that does not depend on trust. */
export interface WalkMemory {
  found: { sources: SourceFindings[]; contents: ContentsReport } | null;
}

const defaultWidth = 4;

function emptyReport(): PackageReport {
  return {
    outcome: 'malformed',
    reason: '',
    header: null,
    links: [],
    receipt: null,
    reexport: false,
    sources: null,
    contents: null,
    access: { state: 'clear', reason: '' },
    unattestedBytes: 0,
    foreign: null,
    expectedHead: null,
  };
}

async function unlock(opened: OpenedPackage, options: PackageOptions): Promise<{ keys: ContentKeys | null; access: PackageAccess }> {
  if (opened.slot === null) return { keys: null, access: { state: 'clear', reason: '' } };
  if (options.keys !== undefined) return { keys: options.keys, access: { state: 'opened', reason: '' } };
  if (options.credentials === undefined) return { keys: null, access: { state: 'not_tried', reason: '' } };
  const result = await unlockPackage(opened, options.credentials);
  if (result?.state !== 'opened') return { keys: null, access: { state: 'wrong_key', reason: result?.reason ?? '' } };
  return { keys: result.keys, access: { state: 'opened', reason: '' } };
}

async function walkSources(opened: OpenedPackage, keys: ContentKeys | null, options: PackageOptions, progress: (offset: number) => void): Promise<SourceFindings[]> {
  const walk: WalkOptions = {
    isSealed: opened.header.isSealed,
    keys,
    opensSamples: options.opensSamples ?? true,
    checker: options.checker,
    width: options.width ?? defaultWidth,
    progress,
    signal: options.signal,
    onLeaves: options.onLeaves,
  };
  const found: SourceFindings[] = [];
  for (const place of opened.index.sources) found.push(await walkSource(opened.source, opened.index, place, walk));
  return found;
}

function latestUtc(opened: OpenedPackage): bigint | null {
  return opened.index.sources.reduce<bigint | null>(
    (latest, { latestUtc: utc }) => (utc !== null && (latest === null || utc > latest) ? utc : latest),
    null,
  );
}

async function judgeBegun(begun: BegunPackage, report: PackageReport, options: PackageOptions): Promise<bigint[]> {
  const { places, links } = begun;
  const tokens = await judgeTokens(links, options.trust);
  report.header = begun.header;
  report.links = await judgeLinks(links, tokens, options.trust);
  report.receipt = places.newest.head;
  report.unattestedBytes = begun.source.size - places.end;
  report.foreign = places.foreign;
  report.access.state = begun.header.isSealed ? 'not_tried' : 'clear';
  const newest = links[links.length - 1]?.link ?? null;
  const isAllSigned = newest !== null && places.foreign === null;
  report.reexport = isAllSigned && (newest.policy & policyBit.noReexport) === 0;
  if (options.expectedHead !== undefined) report.expectedHead = findHead(options.expectedHead, report.links);
  return attestedByLinks(tokens);
}

function conclude(report: PackageReport): PackageReport {
  const parts: Verdict[] = [];
  const say = (verdict: Verdict, reason: string): void => {
    parts.push(verdict);
    if (verdict !== 'authentic' && worst(...parts) === verdict && parts.indexOf(verdict) === parts.length - 1) report.reason = reason;
  };
  for (const link of report.links) say(link.verdict, `link ${link.number}: ${link.reason}`);
  for (const source of report.sources ?? []) say(source.verdict, `source ${source.number}: ${source.reason}`);
  if (report.contents !== null) say(report.contents.verdict, report.contents.reason);
  if (report.access.state === 'wrong_key') say('undecryptable', report.access.reason);
  if (report.unattestedBytes > 0) say('incomplete', 'bytes behind the last link: it was interrupted while it was signed');
  if (report.foreign !== null) say('not_authentic', report.foreign);
  const head = report.expectedHead;
  if (head !== null && (!head.found || head.isForged)) say('not_authentic', 'no link that is authentic has the expected head');
  report.outcome = worst(...parts);
  return report;
}

/** Verifies every byte of a package (section 8) and, with something to open it, opens every sealed body. */
export async function verifyPackage(source: Source, options: PackageOptions): Promise<PackageReport> {
  const report = emptyReport();
  let begun: BegunPackage;
  try {
    begun = await beginPackage(source);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return { ...report, outcome: error instanceof UnsupportedError ? 'unsupported' : 'malformed', reason: reasonOf(error) };
  }
  const outer = await judgeBegun(begun, report, options);
  let opened: OpenedPackage;
  try {
    opened = await openBegun(begun);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return { ...report, outcome: 'not_authentic', reason: reasonOf(error) };
  }
  const { keys, access } = await unlock(opened, options);
  report.access = access;
  let done = 0;
  const progress = (offset: number): void => {
    done = Math.max(done, offset);
    options.progress?.(done, opened.end);
  };
  const known = options.memory?.found ?? null;
  const found = known?.sources ?? (await walkSources(opened, keys, options, progress));
  const joint = judgeRecordings(found, opened.header.isProof);
  report.sources = [];
  for (const one of found) {
    const finding = joint.get(one) ?? { contradiction: null, missing: null, isContinued: false };
    report.sources.push(await judgeSource(one, finding, options.trust, outer));
  }
  const { signal, attachments } = options;
  report.contents = known?.contents ?? (await checkContents(opened, found, { keys, progress, signal, attachments }));
  if (options.memory !== undefined) options.memory.found = { sources: found, contents: report.contents };
  progress(opened.end);
  const [first] = report.links;
  if (first !== undefined) compareWithMedia(first, latestUtc(opened));
  const isShut = found.some((one) => one.undecryptable !== null) || report.contents.verdict === 'undecryptable';
  if (isShut && report.access.state === 'opened') report.access = { state: 'failed', reason: 'something that is signed does not open' };
  return conclude(report);
}
