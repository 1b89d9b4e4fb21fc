/* SPDX-License-Identifier: Apache-2.0 */
/* What each device recorded, signed, left out, and where it does not hold. */
import type { Device, DeviceReport, FailureView, Part, PartReport } from '../evidence/model.js';
import type { Context, Row } from './context.js';
import { cameraView } from './camera_view.js';
import { badge, button, card, details, digest, facts, notice, outcomeBadge } from './context.js';
import { type Child, alien, el, spoken } from './dom.js';
import { askedPeriod, authorityOf, coverageWords, deviceVerdict, failurePlace, gapSentence, roleName, segmentCount, signerName, trackList } from './explain.js';
import { icon } from './icons.js';
import { gravestFirst, isUnknownSigner } from './judgement.js';
import { signerDetails } from './links_view.js';
import { deviceName } from './names.js';
import { paged } from './pages.js';
import { isKnown, milliseconds } from './times.js';

const page = 25;

function failureTable(ctx: Context, failures: readonly FailureView[], device: number): HTMLElement {
  const { t, times } = ctx;
  const columns = t.devices.failureColumns;
  const row = (failure: FailureView): HTMLElement =>
    el(
      'tr',
      null,
      el('td', null, isKnown(failure.time) ? el('button', { class: 'link-button', attrs: { type: 'button' }, on: { click: () => ctx.goTo(failure.time ?? 0n, device) } }, times.utc(failure.time, true)) : t.page.unknown),
      el('td', 'number', failure.segment === null ? '–' : String(failure.segment)),
      el('td', 'technical', alien(`${failure.rule}: ${failure.reason} (${failure.offset})`)),
    );
  const head = [columns.time, columns.segment, columns.reason].map((name) => el('th', { attrs: { scope: 'col' } }, name));
  return el('div', 'table-scroll', el('table', 'table', el('thead', null, el('tr', null, ...head)), el('tbody', null, ...failures.map(row))));
}

function firstFailure(ctx: Context, report: DeviceReport): HTMLElement | null {
  const { t } = ctx;
  const failure = report.firstFailure;
  if (failure === null) return null;
  const time = failure.time;
  const iso = isKnown(time) ? new Date(milliseconds(time)).toISOString() : null;
  return el(
    'div',
    {
      class: 'first-failure notice tone-bad',
      attrs: { 'data-testid': 'failure', 'data-segment': failure.segment === null ? '' : String(failure.segment), 'data-time': iso ?? '' },
    },
    icon('bad'),
    el('div', null, el('strong', null, t.devices.firstFailure), el('p', null, failurePlace(ctx, failure))),
    isKnown(time) ? button(t.devices.goThere, { icon: 'later', onClick: () => ctx.goTo(time, report.device) }) : null,
  );
}

function failures(ctx: Context, report: DeviceReport): HTMLElement | null {
  const all = report.parts.flatMap((part) => part.failures);
  const total = report.parts.reduce((sum, part) => sum + part.failureCount, 0);
  if (all.length === 0) return null;
  return details(ctx.t.devices.failures(total), paged(ctx, all, total, page, (items) => failureTable(ctx, items, report.device)));
}

function gaps(ctx: Context, report: DeviceReport): HTMLElement | null {
  const all = report.parts.flatMap((part) => part.gaps);
  if (all.length === 0) return null;
  const draw = (items: typeof all): HTMLElement => el('ul', 'plain-list', ...items.map((gap) => el('li', gap.kind === 'silence' ? null : 'is-bad', gapSentence(ctx, gap))));
  return details(ctx.t.devices.gaps(all.length), paged(ctx, all, all.length, page, (items) => draw([...items])));
}

function signerRows(ctx: Context, report: PartReport): Row[] {
  const { t, times } = ctx;
  const signer = report.signer;
  const rows: Row[] = [];
  if (signer === null) rows.push([t.devices.signer, badge('unknown', t.devices.unsigned)]);
  else {
    rows.push([t.devices.signer, [...spoken(signerName(t, signer.subject)), ` ${t.links.role} ${roleName(t, signer.role)}`]]);
    const isTrusted = signer.identity === 'trusted';
    rows.push([t.links.authority, badge(isTrusted ? 'good' : 'unknown', isTrusted ? spoken(authorityOf(ctx, signer)) : t.identity[signer.identity])]);
  }
  rows.push([t.devices.time, isKnown(report.attested) ? t.devices.attested(times.utc(report.attested)) : t.devices.notAttested]);
  return rows;
}

function coverage(ctx: Context, report: PartReport): Child[] {
  const words = coverageWords(ctx, report);
  // Of what nobody signed, and of what does not hold, no end or period says anything good.
  const good = !report.isSigned ? 'unknown' : report.verdict === 'not_authentic' ? 'idle' : 'good';
  return [badge(report.notCovered === '' ? good : 'partial', words.period), badge(report.isClosed ? good : 'partial', words.end)];
}

function partFacts(ctx: Context, part: Part, report: PartReport | null): HTMLElement {
  const { t, times } = ctx;
  const rows: (Row | null)[] = [
    [t.devices.asked, askedPeriod(ctx, part)],
    report === null ? null : [t.devices.carried, report.firstUtc === null ? t.devices.nothingCarried : times.period(report.firstUtc, report.lastUtc)],
    [t.devices.tracks, alien(trackList(ctx, part, false))],
    part.tracks.some((track) => track.isRemoved) ? [t.devices.removed, badge('partial', trackList(ctx, part, true))] : null,
    ...(report === null ? [] : signerRows(ctx, report)),
    report === null ? null : [t.devices.notCovered, coverage(ctx, report)],
    report === null ? null : [t.devices.segments, segmentCount(ctx, report)],
  ];
  return facts(rows);
}

function partDetails(ctx: Context, part: Part, report: PartReport | null): HTMLElement {
  const { t } = ctx;
  const reason = [part.unusable ?? '', report?.reason ?? '', report?.notCovered ?? ''].filter((text) => text !== '');
  return details(
    t.page.details,
    facts([
      [t.devices.fileName, alien(part.fileName)],
      [t.devices.container, el('code', null, alien(part.containerId))],
      [t.devices.sequence, alien(part.sequence)],
      report?.head === null || report === null ? null : [t.devices.head, digest(report.head)],
      reason.length === 0 ? null : [t.links.verifierReason, reason.map((text) => el('span', 'line technical', alien(text)))],
    ]),
    report?.signer == null ? null : signerDetails(ctx, report.signer),
  );
}

function said(ctx: Context, value: string | null, exporter: string | null): Child[] | null {
  const { t } = ctx;
  const lines: Child[] = [];
  if (value !== null && value !== '') lines.push(el('span', 'line', alien(value), el('small', null, ` (${t.devices.byRecorder})`)));
  if (exporter !== null && exporter !== '' && exporter !== value) lines.push(el('span', 'line', alien(exporter), el('small', null, ` (${t.devices.byExporter})`)));
  return lines.length === 0 ? null : lines;
}

/** Parts of one device that are drawn at once. */
const mostParts = 20;

function badgeKind(report: DeviceReport, isClosed: boolean): 'unsigned' | 'unknown' | 'closed' | null {
  if (report.verdict === 'authentic') return isClosed ? 'closed' : null;
  if (report.parts.some((part) => !part.isSigned)) return 'unsigned';
  const doubted = report.parts.filter((part) => part.signer !== null && part.signer.identity !== 'trusted');
  return doubted.length > 0 && doubted.every((part) => isUnknownSigner(part.signer)) ? 'unknown' : null;
}

function partsList(ctx: Context, device: Device, report: DeviceReport | null): HTMLElement {
  const { app, t } = ctx;
  const parts = device.parts.flatMap((index) => app.evidence?.parts[index] ?? []);
  const ownOf = (part: Part): PartReport | null => report?.parts.find((one) => one.part === part.index) ?? null;
  const draw = (part: Part): HTMLElement => {
    const own = ownOf(part);
    const content = [partFacts(ctx, part, own), part.unusable === null ? null : notice('closed', t.devices.unusable), partDetails(ctx, part, own)];
    return parts.length > 1 ? el('div', 'part', el('h4', null, t.devices.part(device.parts.indexOf(part.index) + 1)), ...content) : el('div', 'part', ...content);
  };
  const sorted = gravestFirst(parts, (part) => ownOf(part)?.verdict ?? 'authentic', mostParts);
  return paged(ctx, sorted, parts.length, mostParts, (some) => el('div', 'parts', ...some.map(draw)));
}

function deviceCard(ctx: Context, device: Device): HTMLElement {
  const { app, t } = ctx;
  const report = app.report?.devices.find((one) => one.device === device.index) ?? null;
  return el(
    'article',
    {
      class: `device tone-line-${report?.verdict ?? 'none'}`,
      attrs: { 'data-testid': 'device', 'data-device': device.index, 'data-outcome': report?.verdict ?? '', 'data-verdict': report?.verdict ?? '', 'aria-labelledby': `device-name-${device.index}` },
    },
    el('div', 'link-head', el('h3', { id: `device-name-${device.index}` }, icon('device'), el('span', null, spoken(deviceName(t, device, device.index)))), report === null ? badge('idle', t.play.states.unchecked) : outcomeBadge(t, report.verdict, badgeKind(report, app.report?.isSealed === true && !app.report.isUnlocked))),
    report === null || app.report === null ? null : el('p', null, deviceVerdict(ctx, app.report, report)),
    report === null ? null : firstFailure(ctx, report),
    facts([[t.file.name, said(ctx, device.name, device.exporterName)], [t.devices.place, said(ctx, device.place, device.exporterPlace)], [t.devices.remark, said(ctx, device.remark, device.exporterRemark)]]),
    report === null ? null : cameraView(ctx, report),
    partsList(ctx, device, report),
    report === null ? null : gaps(ctx, report),
    report === null ? null : failures(ctx, report),
    details(t.devices.deviceId, facts([[t.devices.deviceId, el('code', null, alien(device.id))]])),
  );
}

const mostDevices = 100;

export function devicesView(ctx: Context): HTMLElement | null {
  const { app, t } = ctx;
  const devices = app.evidence?.devices ?? [];
  if (devices.length === 0) return null;
  const verdicts = new Map(app.report?.devices.map((one) => [one.device, one.verdict]));
  return card(
    { id: 'devices', heading: t.devices.heading, icon: 'device' },
    el('p', 'hint', t.devices.lead),
    paged(ctx, gravestFirst(devices, (device) => verdicts.get(device.index) ?? 'authentic', mostDevices), devices.length, mostDevices, (some) => el('div', 'parts', ...some.map((device) => deviceCard(ctx, device)))),
  );
}
