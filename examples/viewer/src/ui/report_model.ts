/* SPDX-License-Identifier: Apache-2.0 */
/* The report as it is printed and saved: the same content for both, without any form. */
import type { CameraTrack, CameraWords, DeviceReport, Evidence, FailureView, LinkView, Part, PartReport, Report, SignerView } from '../evidence/model.js';
import { cameraCaveats, cameraFaults, cameraSignerName, cameraSummary, exporterName, pendingSentence, recorderNames, runSentence, unreadSentence } from './camera_text.js';
import { visible, visibleLine } from './dom.js';
import {
  type Words,
  askedPeriod,
  attachmentWords,
  authorityOf,
  coverageWords,
  deviceVerdict,
  failurePlace,
  gapSentence,
  headline,
  linkCovers,
  linkTimes,
  linkVerdict,
  longestJudgement,
  nameOf,
  reexportWords,
  roleName,
  segmentCount,
  sentence,
  signerName,
  summary,
  trackList,
} from './explain.js';
import type { CameraReading } from './controller.js';
import { type Tone, attachmentStanding, gravestFirst, receiptHeads, saysOfCamera, standingOf, statementsOf, toneOf } from './judgement.js';
import { quoted } from './names.js';

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
  browser: string;
  /** What recorders say of cameras' signatures. */
  cameras?: readonly CameraWords[];
  cameraReading?: CameraReading;
}

/** Of each list; what is left out is said, and never what does not hold before what does. */
const most = 200;

function limited(words: Words, items: string[]): string[] {
  if (items.length <= most) return items;
  return [...items.slice(0, most), words.t.report.more(items.length - most)];
}

function omitted(count: number, words: (n: number) => string): Block[] {
  return count > most ? [{ kind: 'text', text: words(count - most) }] : [];
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
        [t.file.devices, limited(words, evidence.devices.map((device) => nameOf(words, evidence, device.index))).join(', ')],
        [t.file.sealed, sealed],
        ...(report.unattestedBytes > 0 ? row(t.report.unattested, times.size(report.unattestedBytes)) : []),
        ...(evidence.kind === 'package' ? row(t.caseData.fields.reexport, reexportWords(words, report.reexportReason)) : []),
      ],
    },
  ];
}

/** With what it was judged: nothing that was typed since, and nothing that was not used. */
function trustBlocks({ t, times }: Words, { trust, unknownFingerprints }: Report): Block[] {
  const named = (label: string, { subject, fingerprint }: { subject: string; fingerprint: string }): Block => ({ kind: 'digest', label: `${label}: ${quoted(t, subject, longestSubject)}`, hex: fingerprint });
  const blocks: Block[] = trust.anchors.slice(0, most).map((one) => named(t.report.anchors, one));
  blocks.push(...trust.timeAuthorities.slice(0, most).map((one) => named(t.report.timeAuthority, one)));
  for (const hex of unknownFingerprints.slice(0, most)) blocks.push({ kind: 'digest', label: t.report.unknownFingerprint, hex });
  if (trust.revocationLists.length > 0) {
    const items = trust.revocationLists.map(({ issuer, thisUpdate }) => t.report.revocationList(quoted(t, issuer, longestSubject), times.utc(thisUpdate)));
    blocks.push({ kind: 'text', text: `${t.report.revocationLists}:` }, { kind: 'list', items: limited({ t, times }, items) });
  }
  if (trust.expectedHead !== null) blocks.push({ kind: 'digest', label: t.report.expectedHead, hex: trust.expectedHead });
  return blocks;
}

const longestSubject = 300;

function examination(words: Words, { report, browser }: ReportInput): Block[] {
  const { t, times } = words;
  const isLater = report.judged - report.made >= longestJudgement;
  const { trust } = report;
  const blocks: Block[] = [
    { kind: 'heading', level: 2, text: t.report.examination },
    {
      kind: 'rows',
      rows: [
        [t.report.made, `${times.utc(report.made)}\n${times.local(report.made)}`],
        ...(isLater ? row(t.report.judged, `${times.utc(report.judged)}\n${times.local(report.judged)}`) : []),
        [t.report.viewer, t.page.version(report.viewerVersion)],
        [t.report.browser, visibleLine(browser)],
        ...(trust.anchors.length === 0 ? row(t.report.anchors, t.report.noAnchors) : []),
        ...(trust.timeAuthorities.length === 0 ? row(t.report.timeAuthority, t.report.noAnchors) : []),
        ...(trust.revocationLists.length === 0 ? row(t.report.revocationLists, t.report.noAnchors) : []),
        ...(trust.expectedHead === null ? row(t.report.expectedHead, t.report.noAnchors) : []),
      ],
    },
  ];
  return [...blocks, ...trustBlocks(words, report)];
}

function signerRows(words: Words, signer: SignerView): [string, string][] {
  const { t } = words;
  return [
    [t.links.signer, `${signerName(t, signer.subject)} (${roleName(t, signer.role)})\n${visibleLine(signer.subject)}`],
    [t.links.issuer, visibleLine(signer.issuer)],
    [t.links.authority, authorityOf(words, signer)],
    [t.links.revocation, t.links.revocations[signer.revocation]],
  ];
}

function ofLink(words: Words, evidence: Evidence, link: LinkView): Block[] {
  const { t } = words;
  const blocks: Block[] = [
    { kind: 'heading', level: 3, text: t.links.link(link.number + 1) },
    { kind: 'text', text: linkVerdict(words, link) },
    {
      kind: 'rows',
      rows: [
        ...(link.signer === null ? row(t.links.signer, `${t.links.nobody} (${roleName(t, link.role)})`) : signerRows(words, link.signer)),
        [t.links.when, linkTimes(words, link).join('\n')],
        [t.links.covers, linkCovers(words, evidence, link)],
        ...row(link.isVerified ? t.links.note : `${t.links.note} (${t.links.unverified})`, visible(link.note)),
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
  const sorted = gravestFirst(report.links, (link) => link.verdict, most);
  return [
    { kind: 'heading', level: 2, text: words.t.links.heading },
    { kind: 'text', text: words.t.links.lead },
    ...sorted.slice(0, most).flatMap((link) => ofLink(words, evidence, link)),
    ...omitted(sorted.length, words.t.report.moreLinks),
  ];
}

function partRows(words: Words, part: Part, report: PartReport): [string, string][] {
  const { t, times } = words;
  const covered = coverageWords(words, report);
  return [
    [t.devices.asked, askedPeriod(words, part)],
    [t.devices.carried, report.firstUtc === null ? t.devices.nothingCarried : times.period(report.firstUtc, report.lastUtc)],
    ...row(t.devices.tracks, trackList(words, part, false)),
    ...row(t.devices.removed, trackList(words, part, true)),
    [t.devices.notCovered, `${covered.period}; ${covered.end}`],
    [t.devices.segments, segmentCount(words, report)],
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

function ofCameraTrack(words: Words, input: ReportInput, said: CameraWords, track: CameraTrack, own: DeviceReport): Block[] {
  const { t } = words;
  const c = t.camera;
  const doubtful = track.runs.filter((run) => run.verdict !== 'authentic' || run.reasons.length > 0 || run.missingGroups > 0);
  const held = track.runs.filter((run) => !doubtful.includes(run));
  const items = limited(words, [...doubtful, ...held].map((run) => runSentence(words, run)));
  if (track.runsLeftOut > 0) items.push(c.moreRuns(track.runsLeftOut));
  return [
    ...(said.tracks.length > 1 ? [{ kind: 'text' as const, text: `${c.track(track.number)}:` }] : []),
    {
      kind: 'rows',
      rows: [
        [c.camera, `${cameraSummary(words, track)} (${c.saysRecorder})`],
        [c.recorder, `${recorderNames(words, own.parts)}; ${deviceVerdict(words, input.report, own)}`],
        [c.exporter, exporterName(words, input.evidence, input.report)],
        ...track.signers.flatMap((signer) => [...row(c.signer, `${cameraSignerName(words, signer)}\n${visibleLine(signer.subject ?? '')}`.trimEnd()), ...row(c.trust, c.identities[signer.identity]), ...(signer.format === null ? [] : row(c.format, c.formats[signer.format]))]),
        ...(track.signersLeftOut > 0 ? row(c.signer, c.moreSigners(track.signersLeftOut)) : []),
      ],
    },
    ...track.signers.flatMap((signer): Block[] => (signer.fingerprint === null ? [] : [{ kind: 'digest', label: c.fingerprint, hex: signer.fingerprint }])),
    { kind: 'list', items },
  ];
}

/** The recorder's word, and marked as such (CS-REC-3). */
function ofCamera(words: Words, input: ReportInput, own: DeviceReport): Block[] {
  const c = words.t.camera;
  const said = (input.cameras ?? []).find((one) => one.device === own.device);
  if (said === undefined) {
    const isOpen = (input.cameraReading === 'running' || input.cameraReading === 'failed') && saysOfCamera(input.evidence, own.device);
    return isOpen ? [{ kind: 'text', text: input.cameraReading === 'failed' ? c.failed : c.running }] : [];
  }
  const blocks: Block[] = [{ kind: 'text', text: `${c.heading}. ${c.lead}` }];
  for (const text of cameraCaveats(words, said, own.verdict)) blocks.push({ kind: 'text', text });
  blocks.push(...said.tracks.flatMap((track) => ofCameraTrack(words, input, said, track, own)));
  const pending = pendingSentence(words, input.evidence, input.report, said);
  if (pending !== null) blocks.push({ kind: 'text', text: pending });
  if (said.tracks.length === 0 && said.unread === 0 && said.faultCount === 0 && !said.isLeftOut) blocks.push({ kind: 'text', text: c.nothing });
  if (said.unread > 0) blocks.push({ kind: 'text', text: unreadSentence(words, said) });
  if (said.faultCount > 0) blocks.push({ kind: 'text', text: c.faults(said.faultCount) }, { kind: 'list', items: cameraFaults(words, said) });
  return blocks;
}

function ofDevice(words: Words, input: ReportInput, report: DeviceReport): Block[] {
  const { evidence, report: whole } = input;
  const { t } = words;
  const parts = gravestFirst(report.parts, (part) => part.verdict, most);
  const device = evidence.devices[report.device];
  const isMany = report.parts.length > 1;
  const first = report.firstFailure;
  return [
    { kind: 'heading', level: 3, text: nameOf(words, evidence, report.device) },
    { kind: 'text', text: deviceVerdict(words, whole, report) },
    {
      kind: 'rows',
      rows: [
        [t.devices.deviceId, visibleLine(device?.id ?? '')],
        ...row(`${t.file.name} (${t.devices.byRecorder})`, visible(device?.name ?? '')),
        ...row(`${t.file.name} (${t.devices.byExporter})`, visible(device?.exporterName ?? '')),
        ...row(`${t.devices.place} (${t.devices.byRecorder})`, visible(device?.place ?? '')),
        ...row(`${t.devices.place} (${t.devices.byExporter})`, visible(device?.exporterPlace ?? '')),
        ...row(`${t.devices.remark} (${t.devices.byRecorder})`, visible(device?.remark ?? '')),
        ...row(`${t.devices.remark} (${t.devices.byExporter})`, visible(device?.exporterRemark ?? '')),
        ...(first === null ? [] : row(t.devices.firstFailure, failurePlace(words, first))),
      ],
    },
    ...ofCamera(words, input, report),
    ...parts.slice(0, most).flatMap((part) => ofPart(words, evidence.parts[part.part], part, isMany ? t.devices.part((device?.parts.indexOf(part.part) ?? 0) + 1) : null)),
    ...omitted(parts.length, t.devices.moreParts),
    ...lists(words, report),
  ];
}

function devices(words: Words, input: ReportInput): Block[] {
  const sorted = gravestFirst(input.report.devices, (device) => device.verdict, most);
  return [
    { kind: 'heading', level: 2, text: words.t.devices.heading },
    ...sorted.slice(0, most).flatMap((device) => ofDevice(words, input, device)),
    ...omitted(sorted.length, words.t.devices.more),
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

function attachments(words: Words, { evidence, report }: ReportInput): Block[] {
  const { t, times } = words;
  if (evidence.attachments.length === 0) return [];
  const verdicts = new Map(report.contents?.attachments.map((one) => [one.number, one.verdict]));
  const sorted = gravestFirst(evidence.attachments, (one) => verdicts.get(one.number) ?? 'authentic', most);
  return [
    { kind: 'heading', level: 2, text: t.attachments.heading },
    { kind: 'text', text: t.attachments.words },
    ...sorted.slice(0, most).map((one): Block => {
      const standing = attachmentWords(t, attachmentStanding(evidence, report, one.number));
      const derived = one.isDerived ? `, ${t.attachments.derived}` : '';
      return { kind: 'digest', label: `${quoted(t, one.name, longestSubject)}, ${times.size(one.size)}${derived}: ${standing}`, hex: one.sha256 };
    }),
    ...omitted(sorted.length, t.attachments.more),
  ];
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
  return [...blocks, ...attachments(words, input)];
}

export function printedReport(words: Words, input: ReportInput): PrintedReport {
  const { t } = words;
  const { report, evidence } = input;
  const standing = standingOf(report);
  const heads = receiptHeads(report).slice(0, most);
  const head = heads.map(({ device, head: hex }): Block => ({ kind: 'digest', label: device === null ? t.report.head : t.report.headRecording(nameOf(words, evidence, device)), hex }));
  return {
    title: t.report.heading,
    headline: headline(words, report),
    tone: toneOf(standing),
    summary: summary(words, report),
    reasons: statementsOf(evidence, report, input.cameras).map((statement) => sentence(words, evidence, statement)),
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
