/* SPDX-License-Identifier: Apache-2.0 */
/* What each device recorded, signed, left out, and where it does not hold. */
import type { Device, DeviceReport, FailureView, Part, PartReport } from '../evidence/model.js';
import type { Context, Row } from './context.js';
import { badge, button, card, details, deviceName, digest, facts, notice, outcomeBadge } from './context.js';
import { type Child, alien, el, replaceChildren } from './dom.js';
import { askedPeriod, authorityOf, failurePlace, gapSentence, roleName, shortName, trackList } from './explain.js';
import { icon } from './icons.js';
import { isUnknownSigner, signerDetails } from './links_view.js';
import { isKnown, milliseconds } from './times.js';

const page = 25;

/** A list in pages, so that a hundred thousand entries cost no more than one page. */
function paged<T>(ctx: Context, items: readonly T[], total: number, draw: (items: readonly T[]) => HTMLElement): HTMLElement {
  const { t } = ctx;
  const body = el('div', 'pages-body');
  const label = el('span', { class: 'pages-label', attrs: { 'aria-live': 'polite' } });
  let at = 0;
  const show = (): void => {
    const to = Math.min(at + page, items.length);
    replaceChildren(body, draw(items.slice(at, to)));
    label.textContent = t.devices.shown(at + 1, to, total);
    before.disabled = at === 0;
    behind.disabled = to >= items.length;
  };
  const before = button(t.devices.earlier, { icon: 'earlier', onClick: () => {
    at = Math.max(0, at - page);
    show();
  } });
  const behind = button(t.devices.later, { icon: 'later', onClick: () => {
    at += page;
    show();
  } });
  show();
  if (items.length <= page) return el('div', 'pages', body, total > items.length ? el('p', 'hint', t.devices.cut(items.length, total)) : null);
  return el('div', 'pages', body, el('div', 'pages-bar', before, label, behind));
}

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
  return details(ctx.t.devices.failures(total), paged(ctx, all, total, (items) => failureTable(ctx, items, report.device)));
}

function gaps(ctx: Context, report: DeviceReport): HTMLElement | null {
  const all = report.parts.flatMap((part) => part.gaps);
  if (all.length === 0) return null;
  const draw = (items: typeof all): HTMLElement => el('ul', 'plain-list', ...items.map((gap) => el('li', null, gapSentence(ctx, gap))));
  return details(ctx.t.devices.gaps(all.length), paged(ctx, all, all.length, (items) => draw([...items])));
}

function signerRows(ctx: Context, report: PartReport): Row[] {
  const { t, times } = ctx;
  const signer = report.signer;
  const rows: Row[] = [];
  if (signer === null) rows.push([t.devices.signer, badge('unknown', t.devices.unsigned)]);
  else {
    rows.push([t.devices.signer, [alien(shortName(signer.subject)), ` ${t.links.role} ${roleName(t, signer.role)}`]]);
    const isTrusted = signer.identity === 'trusted';
    rows.push([t.links.authority, badge(isTrusted ? 'good' : 'unknown', isTrusted ? authorityOf(ctx, signer) : t.identity[signer.identity])]);
  }
  rows.push([t.devices.time, isKnown(report.attested) ? t.devices.attested(times.utc(report.attested)) : t.devices.notAttested]);
  return rows;
}

function coverage(ctx: Context, report: PartReport): Child[] {
  const { t } = ctx;
  return [
    badge(report.notCovered === '' ? 'good' : 'partial', report.notCovered === '' ? t.devices.coveredText : t.devices.notCoveredText),
    badge(report.isClosed ? 'good' : 'partial', report.isClosed ? t.devices.closed : t.devices.open),
  ];
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
    report === null ? null : [t.devices.segments, t.devices.segmentCount(report.segmentsVerified)],
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

function deviceCard(ctx: Context, device: Device): HTMLElement {
  const { app, t } = ctx;
  const report = app.report?.devices.find((one) => one.device === device.index) ?? null;
  const parts = device.parts.map((index) => app.evidence?.parts[index]).filter((part) => part !== undefined);
  const isMany = parts.length > 1;
  const isUnknown = report !== null && report.verdict === 'untrusted' && report.parts.every((part) => part.signer === null || isUnknownSigner(part.signer) || part.signer.identity === 'trusted') && report.parts.some((part) => isUnknownSigner(part.signer));
  const drawn = parts.slice(0, mostParts).map((part) => {
    const own = report?.parts.find((one) => one.part === part.index) ?? null;
    const content = [partFacts(ctx, part, own), part.unusable === null ? null : notice('closed', t.devices.unusable), partDetails(ctx, part, own)];
    return isMany ? el('div', 'part', el('h4', null, t.devices.part(device.parts.indexOf(part.index) + 1)), ...content) : el('div', 'part', ...content);
  });
  return el(
    'article',
    {
      class: `device tone-line-${report?.verdict ?? 'none'}`,
      attrs: { 'data-testid': 'device', 'data-device': device.index, 'data-outcome': report?.verdict ?? '', 'data-verdict': report?.verdict ?? '', 'aria-labelledby': `device-name-${device.index}` },
    },
    el('div', 'link-head', el('h3', { id: `device-name-${device.index}` }, icon('device'), alien(deviceName(t, device, device.index))), report === null ? badge('idle', t.play.states.unchecked) : outcomeBadge(t, report.verdict, isUnknown)),
    report === null ? null : el('p', null, t.devices.verdicts[report.verdict]),
    report === null ? null : firstFailure(ctx, report),
    facts([[t.devices.place, said(ctx, device.place, device.exporterPlace)], [t.devices.remark, said(ctx, device.remark, device.exporterRemark)]]),
    ...drawn,
    parts.length > mostParts ? el('p', 'hint', t.devices.cut(mostParts, parts.length)) : null,
    report === null ? null : gaps(ctx, report),
    report === null ? null : failures(ctx, report),
    details(t.devices.deviceId, facts([[t.devices.deviceId, el('code', null, alien(device.id))], [t.file.name, device.name === null ? null : alien(device.name, 'alien words')]])),
  );
}

const mostDevices = 100;

export function devicesView(ctx: Context): HTMLElement | null {
  const { app, t } = ctx;
  const devices = app.evidence?.devices ?? [];
  if (devices.length === 0) return null;
  return card(
    { id: 'devices', heading: t.devices.heading, icon: 'device' },
    el('p', 'hint', t.devices.lead),
    ...devices.slice(0, mostDevices).map((device) => deviceCard(ctx, device)),
    devices.length > mostDevices ? el('p', 'hint', t.devices.cut(mostDevices, devices.length)) : null,
  );
}
