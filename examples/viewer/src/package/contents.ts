/* SPDX-License-Identifier: Apache-2.0 */
import { FormatError } from '../bytes/errors.js';
import type { Source } from '../bytes/source.js';
import type { ContentKeys } from '../container/keys.js';
import { worst } from '../container/report.js';
import { type AttachmentChecker, bodyKey, checkAttachments, findingOf } from './attachments.js';
import { type Case, readCase } from './case.js';
import { type CaseFacts, checkCase } from './case_check.js';
import { bodyOf, readFrame } from './frames.js';
import type { OpenedPackage } from './opening.js';
import type { ContentsReport } from './report.js';
import type { SourceFindings } from './source_walk.js';

export interface ContentsOptions {
  keys: ContentKeys | null;
  progress: (offset: number) => void;
  signal?: AbortSignal | undefined;
  /** Checks attachments elsewhere, in workers for instance. */
  attachments?: AttachmentChecker | undefined;
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
  const { keys, progress, signal, attachments: checker } = options;
  const place = { source: opened.source, isSealed: opened.header.isSealed, keys, entries: opened.index.attachments };
  const attachments = await checkAttachments(place, { progress, signal, checker });
  const report: ContentsReport = { verdict: 'authentic', reason: '', case: null, isCaseClosed: false, attachments };
  try {
    report.case = await openCase(opened, keys);
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
    const { verdict, reason } = findingOf(error);
    Object.assign(report, { verdict, reason });
  }
  const broken = attachments.find((one) => one.verdict !== 'authentic');
  report.verdict = worst(report.verdict, ...attachments.map((one) => one.verdict));
  if (report.reason === '' && broken !== undefined) report.reason = `attachment ${broken.number}: ${broken.reason}`;
  return report;
}
