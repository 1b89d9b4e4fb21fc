/* SPDX-License-Identifier: Apache-2.0 */
import { FormatError, reasonOf } from '../bytes/errors.js';
import { type Octets, hex } from '../bytes/octets.js';
import type { Source } from '../bytes/source.js';
import type { ContentKeys } from '../container/keys.js';
import { worst } from '../container/report.js';
import { UndecryptableError } from '../container/samples.js';
import { type Case, readCase } from './case.js';
import { type CaseFacts, checkCase } from './case_check.js';
import type { FrameEntry } from './directory.js';
import { bodyOf, digestOf, readFrame } from './frames.js';
import { frameKeysOf } from './keys.js';
import type { OpenedPackage } from './opening.js';
import type { AttachmentReport, ContentsReport } from './report.js';
import type { SourceFindings } from './source_walk.js';

export interface ContentsOptions {
  keys: ContentKeys | null;
  progress: (offset: number) => void;
  signal?: AbortSignal | undefined;
}

function verdictOf(error: unknown): { verdict: 'not_authentic' | 'undecryptable'; reason: string } {
  if (error instanceof UndecryptableError) return { verdict: 'undecryptable', reason: reasonOf(error) };
  if (error instanceof FormatError) return { verdict: 'not_authentic', reason: reasonOf(error) };
  throw error;
}

function bodyKey(entry: FrameEntry, keys: ContentKeys | null): Octets | null {
  return keys === null ? null : frameKeysOf(keys, entry.index).body;
}

async function checkAttachment(opened: OpenedPackage, entry: FrameEntry, options: ContentsOptions): Promise<AttachmentReport> {
  const report: AttachmentReport = { number: entry.number ?? 0, verdict: 'authentic', reason: '', size: null, sha256: null };
  try {
    const frame = await readFrame(opened.source, entry, opened.header);
    const body = bodyOf(frame, bodyKey(entry, options.keys));
    if (body === null) return report;
    const digest = await digestOf(body, () => options.signal?.throwIfAborted());
    return { ...report, size: body.size, sha256: hex(digest) };
  } catch (error) {
    return { ...report, ...verdictOf(error) };
  }
}

/**
 * What an attachment holds, for whoever saves it: its frame was compared with its digest. Null where it is
 * sealed and there is no key.
 */
export async function openAttachment(opened: OpenedPackage, number: number, keys: ContentKeys | null): Promise<Source | null> {
  const entry = opened.index.attachments[number];
  if (entry === undefined) throw new FormatError('E-FRM-6', `there is no attachment ${number}`);
  return bodyOf(await readFrame(opened.source, entry, opened.header), bodyKey(entry, keys));
}

/** Reads the case; null where it is sealed and there is no key. */
export async function openCase(opened: OpenedPackage, keys: ContentKeys | null): Promise<Case | null> {
  const { case: entry } = opened.index;
  const frame = await readFrame(opened.source, entry, opened.header);
  const body = bodyOf(frame, bodyKey(entry, keys));
  return body === null ? null : readCase(await body.read(0, body.size));
}

/** Case and attachments: what the exporter added to the recordings (E-VER-10). */
export async function checkContents(opened: OpenedPackage, sources: readonly SourceFindings[], options: ContentsOptions): Promise<ContentsReport> {
  const attachments: AttachmentReport[] = [];
  for (const entry of opened.index.attachments) {
    options.signal?.throwIfAborted();
    attachments.push(await checkAttachment(opened, entry, options));
    options.progress(entry.end);
  }
  const report: ContentsReport = { verdict: 'authentic', reason: '', case: null, isCaseClosed: false, attachments };
  try {
    report.case = await openCase(opened, options.keys);
    report.isCaseClosed = report.case === null;
    const facts: CaseFacts = {
      header: opened.header,
      first: opened.first,
      policy: opened.link.policy,
      sources,
      attachments: attachments.map(({ size, sha256 }) => (size === null || sha256 === null ? null : { size, sha256 })),
    };
    if (report.case !== null) checkCase(report.case, facts);
  } catch (error) {
    Object.assign(report, verdictOf(error));
  }
  const broken = attachments.find((one) => one.verdict !== 'authentic');
  report.verdict = worst(report.verdict, ...attachments.map((one) => one.verdict));
  if (report.reason === '' && broken !== undefined) report.reason = `attachment ${broken.number}: ${broken.reason}`;
  return report;
}
