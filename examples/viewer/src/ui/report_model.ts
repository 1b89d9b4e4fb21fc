/* SPDX-License-Identifier: Apache-2.0 */
/* The report as it is printed and saved: the same content for both, without any form. */
import type { DeviceReport, Evidence, FailureView, LinkView, Part, PartReport, Report, SignerView } from '../evidence/model.js';
import type { TrustDraft } from './controller.js';
import { visible, visibleLine } from './dom.js';
import { readDigest } from './digest.js';
import {
  type Words,
  askedPeriod,
  authorityOf,
  failurePlace,
  gapSentence,
  headline,
  linkCovers,
  linkTimes,
  nameOf,
  roleName,
  sentence,
  shortName,
  trackList,
} from './explain.js';
import { type Tone, standingOf, statementsOf, toneOf } from './judgement.js';

export type Block =
  | { kind: 'heading'; level: 2 | 3; text: string }
  | { kind: 'text'; text: string }
  | { kind: 'list'; items: string[] }
  | { kind: 'rows'; rows: [label: string, value: string][] }
  | { kind: 'digest'; label: string; hex: string };

export interface PrintedReport {
  title: string;
  /** The verdict stands first, in words. */
  headline: string;
  tone: Tone;
  summary: string;
  reasons: string[];
  blocks: Block[];
}

export interface ReportInput {
  evidence: Evidence;
  report: Report;
  fileNames: readonly string[];
  trust: TrustDraft;
  browser: string;
}

/** Of each list; the viewer itself shows all. */
const most = 200;

function limited(words: Words, items: string[]): string[] {
  if (items.length <= most) return items;
  return [...items.slice(0, most), words.t.report.more(items.length - most)];
}

function row(label: string, value: string | null): [string, string][] {
  return value === null || value === '' ? [] : [[label, value]];
}

function subject(words: Words, { evidence, report, fileNames }: ReportInput): Block[] {
  const { t, times } = words;
  const names = fileNames.length > 1 ? limited(words, fileNames.map(visibleLine)).join('\n') : visibleLine(evidence.name);
  const sealed = evidence.isSealed ? (evidence.isUnlocked ? t.file.sealedOpen : t.file.sealedShut) : t.page.no;
  return [
    { kind: 'heading', level: 2, text: t.report.subject },
    {
      kind: 'rows',
      rows: [
        [t.file.name, names],
        [t.file.size, times.sizeExact(evidence.size)],
        [t.file.kind, t.file.kinds[evidence.kind]],
        ...row(t.file.packageId, evidence.packageId),
        [t.file.devices, evidence.devices.map((device) => nameOf(words, evidence, device.index)).join(', ')],
        [t.file.sealed, sealed],
        ...(report.unattestedBytes > 0 ? row(t.report.unattested, times.size(report.unattestedBytes)) : []),
        ...(evidence.kind === 'package' ? row(t.caseData.fields.reexport, report.reexport ? t.caseData.reexportAllowed : t.caseData.reexportForbidden) : []),
      ],
    },
  ];
}

function examination(words: Words, { report, trust, browser }: ReportInput): Block[] {
  const { t, times } = words;
  const blocks: Block[] = [
    { kind: 'heading', level: 2, text: t.report.examination },
    {
      kind: 'rows',
      rows: [
        [t.report.made, `${times.utc(report.made)}\n${times.local(report.made)}`],
        [t.report.viewer, t.page.version(report.viewerVersion)],
        [t.report.browser, visibleLine(browser)],
        [t.report.otherTrust, t.report.otherTrustText(trust.timeAuthorities.length, trust.revocationLists.length, readDigest(trust.expectedHead).ok)],
        ...(report.anchors.length === 0 ? row(t.report.anchors, t.report.noAnchors) : []),
      ],
    },
  ];
  for (const anchor of report.anchors) blocks.push({ kind: 'digest', label: `${t.report.anchors}: ${visibleLine(anchor.subject)}`, hex: anchor.fingerprint });
  return blocks;
}

function signerRows(words: Words, signer: SignerView): [string, string][] {
  const { t } = words;
  return [
    [t.links.signer, `${shortName(signer.subject)} (${roleName(t, signer.role)})\n${visibleLine(signer.subject)}`],
    [t.links.issuer, visibleLine(signer.issuer)],
    [t.links.authority, authorityOf(words, signer)],
    [t.links.revocation, t.links.revocations[signer.revocation]],
  ];
}

function ofLink(words: Words, evidence: Evidence, link: LinkView): Block[] {
  const { t } = words;
  const blocks: Block[] = [
    { kind: 'heading', level: 3, text: t.links.link(link.number + 1) },
    { kind: 'text', text: t.verdicts[link.verdict] },
    {
      kind: 'rows',
      rows: [
        ...(link.signer === null ? row(t.links.signer, `${t.links.nobody} (${roleName(t, link.role)})`) : signerRows(words, link.signer)),
        [t.links.when, linkTimes(words, link).map(visibleLine).join('\n')],
        [t.links.covers, linkCovers(words, evidence, link)],
        ...row(t.links.note, visible(link.note)),
        ...(link.forbidsReexport ? row(t.links.policy, t.links.forbids) : []),
        ...row(t.links.contradiction, link.contradictions.map(visibleLine).join('\n')),
        ...row(t.links.verifierReason, visibleLine(link.reason)),
      ],
    },
  ];
  if (link.signer !== null) blocks.push({ kind: 'digest', label: t.links.fingerprint, hex: link.signer.fingerprint });
  blocks.push({ kind: 'digest', label: t.links.head, hex: link.head });
  return blocks;
}

function links(words: Words, { evidence, report }: ReportInput): Block[] {
  if (report.links.length === 0) return [];
  return [
    { kind: 'heading', level: 2, text: words.t.links.heading },
    { kind: 'text', text: words.t.links.lead },
    ...report.links.slice(0, most).flatMap((link) => ofLink(words, evidence, link)),
  ];
}

function partRows(words: Words, part: Part, report: PartReport): [string, string][] {
  const { t, times } = words;
  return [
    [t.devices.asked, askedPeriod(words, part)],
    [t.devices.carried, report.firstUtc === null ? t.devices.nothingCarried : times.period(report.firstUtc, report.lastUtc)],
    ...row(t.devices.tracks, trackList(words, part, false)),
    ...row(t.devices.removed, trackList(words, part, true)),
    [t.devices.notCovered, `${report.notCovered === '' ? t.devices.coveredText : t.devices.notCoveredText}; ${report.isClosed ? t.devices.closed : t.devices.open}`],
    [t.devices.segments, t.devices.segmentCount(report.segmentsVerified)],
    ...(report.signer === null ? row(t.devices.signer, t.devices.unsigned) : signerRows(words, report.signer)),
    [t.devices.time, report.attested === null ? t.devices.notAttested : t.devices.attested(times.utc(report.attested))],
    [t.devices.fileName, visibleLine(part.fileName)],
    [t.devices.container, visibleLine(part.containerId)],
    ...row(t.links.verifierReason, [report.reason, report.notCovered].filter((text) => text !== '').map(visibleLine).join('\n')),
  ];
}

function ofPart(words: Words, part: Part | undefined, report: PartReport, heading: string | null): Block[] {
  if (part === undefined) return [];
  const blocks: Block[] = heading === null ? [] : [{ kind: 'text', text: heading }];
  blocks.push({ kind: 'rows', rows: partRows(words, part, report) });
  if (report.signer !== null) blocks.push({ kind: 'digest', label: words.t.links.fingerprint, hex: report.signer.fingerprint });
  if (report.head !== null) blocks.push({ kind: 'digest', label: words.t.devices.head, hex: report.head });
  return blocks;
}

interface FailureRun {
  first: FailureView;
  last: FailureView;
  count: number;
}

/** Segments behind each other that fail for the same reason are one place in print. */
export function runsOf(failures: readonly FailureView[]): FailureRun[] {
  const runs: FailureRun[] = [];
  for (const failure of failures) {
    const run = runs[runs.length - 1];
    const follows = run !== undefined && run.last.segment !== null && failure.segment === run.last.segment + 1;
    if (follows && run.last.part === failure.part && run.last.rule === failure.rule && run.last.reason === failure.reason) {
      run.last = failure;
      run.count += 1;
    } else runs.push({ first: failure, last: failure, count: 1 });
  }
  return runs;
}

function runText(words: Words, { first, last, count }: FailureRun): string {
  const place = count === 1 ? failurePlace(words, first) : words.t.report.failureRun(failurePlace(words, first), failurePlace(words, last), count);
  return `${place}. ${visibleLine(first.rule)}: ${visibleLine(first.reason)} (${first.offset})`;
}

function lists(words: Words, report: DeviceReport): Block[] {
  const { t } = words;
  const failures = report.parts.flatMap((part) => part.failures);
  const count = report.parts.reduce((sum, part) => sum + part.failureCount, 0);
  const gaps = report.parts.flatMap((part) => part.gaps);
  const blocks: Block[] = [];
  const none = [...(count === 0 ? row(t.report.failures, t.report.noFailures) : []), ...(gaps.length === 0 ? row(t.report.gaps, t.report.noGaps) : [])];
  if (none.length > 0) blocks.push({ kind: 'rows', rows: none });
  if (count > 0) {
    const items = limited(words, runsOf(failures).map((run) => runText(words, run)));
    if (count > failures.length) items.push(t.report.more(count - failures.length));
    blocks.push({ kind: 'text', text: `${t.devices.failures(count)}:` }, { kind: 'list', items });
  }
  if (gaps.length > 0) blocks.push({ kind: 'text', text: `${t.devices.gaps(gaps.length)}:` }, { kind: 'list', items: limited(words, gaps.map((gap) => gapSentence(words, gap))) });
  return blocks;
}

function ofDevice(words: Words, evidence: Evidence, report: DeviceReport): Block[] {
  const { t } = words;
  const device = evidence.devices[report.device];
  const isMany = report.parts.length > 1;
  const first = report.firstFailure;
  return [
    { kind: 'heading', level: 3, text: nameOf(words, evidence, report.device) },
    { kind: 'text', text: t.devices.verdicts[report.verdict] },
    {
      kind: 'rows',
      rows: [
        [t.devices.deviceId, visibleLine(device?.id ?? '')],
        ...row(`${t.devices.place} (${t.devices.byRecorder})`, visible(device?.place ?? '')),
        ...row(`${t.devices.place} (${t.devices.byExporter})`, visible(device?.exporterPlace ?? '')),
        ...row(`${t.devices.remark} (${t.devices.byRecorder})`, visible(device?.remark ?? '')),
        ...row(`${t.devices.remark} (${t.devices.byExporter})`, visible(device?.exporterRemark ?? '')),
        ...(first === null ? [] : row(t.devices.firstFailure, failurePlace(words, first))),
      ],
    },
    ...report.parts.flatMap((part, i) => ofPart(words, evidence.parts[part.part], part, isMany ? t.devices.part(i + 1) : null)),
    ...lists(words, report),
  ];
}

function devices(words: Words, { evidence, report }: ReportInput): Block[] {
  return [
    { kind: 'heading', level: 2, text: words.t.devices.heading },
    ...report.devices.slice(0, most).flatMap((device) => ofDevice(words, evidence, device)),
  ];
}

function film(words: Words, { report }: ReportInput): Block[] {
  const { t } = words;
  if (report.film === null) return [];
  return [
    { kind: 'heading', level: 2, text: t.report.film },
    {
      kind: 'rows',
      rows: [
        [t.report.filmSamples, [t.verdict.badges[report.film.samples], visibleLine(report.film.samplesReason)].filter((text) => text !== '').join('\n')],
        [t.report.filmFile, [t.verdict.badges[report.film.presentation], visibleLine(report.film.presentationReason)].filter((text) => text !== '').join('\n')],
      ],
    },
    ...(report.film.jumps > 0 ? [{ kind: 'text' as const, text: t.report.filmJumps(report.film.jumps) }] : []),
  ];
}

function attachmentVerdict(words: Words, { evidence, report }: ReportInput, number: number): string {
  const { t } = words;
  const found = report.contents?.attachments.find((one) => one.number === number);
  if (found === undefined) return t.attachments.unchecked;
  if (found.verdict === 'not_authentic') return t.attachments.altered;
  return evidence.isSealed && !evidence.isUnlocked ? t.attachments.notOpened : t.attachments.same;
}

function contents(words: Words, input: ReportInput): Block[] {
  const { t, times } = words;
  const { evidence } = input;
  const told = evidence.case;
  const f = t.caseData.fields;
  const blocks: Block[] = [];
  if (told !== null) {
    blocks.push(
      { kind: 'heading', level: 2, text: t.caseData.heading },
      { kind: 'text', text: input.report.contents?.verdict === 'not_authentic' ? t.caseData.broken : t.caseData.words },
      {
        kind: 'rows',
        rows: [
          ...row(f.case, visible(told.case ?? '')),
          ...row(f.operator, visible(told.operator ?? '')),
          [f.created, times.utc(told.created)],
          ...row(f.reason, visible(told.reason ?? '')),
          ...row(f.comment, visible(told.comment ?? '')),
          ...row(f.profile, visible(told.profile ?? '')),
          ...row(f.audit, visible(told.auditReference ?? '')),
        ],
      },
    );
  }
  if (evidence.attachments.length > 0) {
    blocks.push({ kind: 'heading', level: 2, text: t.attachments.heading }, { kind: 'text', text: t.attachments.words });
    for (const one of evidence.attachments.slice(0, most)) {
      blocks.push({ kind: 'digest', label: `${visibleLine(one.name)}, ${times.size(one.size)}: ${attachmentVerdict(words, input, one.number)}`, hex: one.sha256 });
    }
  }
  return blocks;
}

export function printedReport(words: Words, input: ReportInput): PrintedReport {
  const { t } = words;
  const { report, evidence } = input;
  const standing = standingOf(report);
  const head: Block[] = report.head === null ? [] : [{ kind: 'digest', label: t.report.head, hex: report.head }];
  return {
    title: t.report.heading,
    headline: headline(words, report),
    tone: toneOf(standing),
    summary: t.verdict.texts[standing],
    reasons: statementsOf(report).map((statement) => sentence(words, evidence, statement)),
    blocks: [
      ...subject(words, input),
      ...head,
      ...examination(words, input),
      ...links(words, input),
      ...devices(words, input),
      ...film(words, input),
      ...contents(words, input),
      { kind: 'heading', level: 2, text: t.report.meaning },
      { kind: 'list', items: t.report.meanings },
      { kind: 'text', text: t.report.note },
    ],
  };
}
