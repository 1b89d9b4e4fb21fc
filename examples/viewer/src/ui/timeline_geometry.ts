/* SPDX-License-Identifier: Apache-2.0 */
/* Where segments, gaps and moments lie on a timeline. */
import { type Evidence, type GapView, type Report, type Utc, segmentState } from '../evidence/model.js';
import { type PictureStanding, partReport, pictureStanding, segmentAt, severity } from './judgement.js';

export interface Window {
  from: Utc;
  to: Utc;
}

export interface Bar {
  /** In parts of the window, 0 to 1. */
  start: number;
  end: number;
  standing: PictureStanding;
}

export interface GapBar {
  start: number;
  end: number;
  gap: GapView;
}

const second = 1_000_000_000n;
export const spans: readonly { name: 'day' | 'hour' | 'ten_minutes' | 'minute'; length: bigint }[] = [
  { name: 'day', length: 86_400n * second },
  { name: 'hour', length: 3_600n * second },
  { name: 'ten_minutes', length: 600n * second },
  { name: 'minute', length: 60n * second },
];

/** From the first to the last sample of all devices; null where there is none. */
export function extent(evidence: Evidence): Window | null {
  let from: Utc | null = null;
  let to: Utc | null = null;
  for (const part of evidence.parts) {
    for (let i = 0; i < part.segments.first.length; i += 1) {
      const first = part.segments.first[i] as Utc;
      const last = part.segments.last[i] as Utc;
      if (from === null || first < from) from = first;
      if (to === null || last > to) to = last;
    }
  }
  if (from === null || to === null) return null;
  return { from, to: to > from ? to : from + second };
}

export function place(window: Window, moment: Utc): number {
  const length = window.to - window.from;
  if (length <= 0n) return 0;
  return Number(((moment - window.from) * 1_000_000n) / length) / 1_000_000;
}

export function momentAt(window: Window, share: number): Utc {
  const bounded = Math.min(1, Math.max(0, share));
  return window.from + ((window.to - window.from) * BigInt(Math.round(bounded * 1_000_000))) / 1_000_000n;
}

export function clamp(window: Window, moment: Utc): Utc {
  if (moment < window.from) return window.from;
  return moment > window.to ? window.to : moment;
}

/** A window of this length around a moment, within the whole; the whole where it is shorter. */
export function zoomed(whole: Window, length: bigint | null, around: Utc): Window {
  if (length === null || length >= whole.to - whole.from) return whole;
  let from = around - length / 2n;
  if (from + length > whole.to) from = whole.to - length;
  if (from < whole.from) from = whole.from;
  return { from, to: from + length };
}

/** The window beside, or as far as the whole goes. */
export function paged(whole: Window, window: Window, direction: 1 | -1): Window {
  const length = window.to - window.from;
  return zoomed(whole, length, (window.from + window.to) / 2n + BigInt(direction) * length);
}

export function stretches(evidence: Evidence, report: Report | null, device: number, window: Window, isWanted: (part: number) => boolean = () => true): Bar[] {
  const found: Bar[] = [];
  for (const index of evidence.devices[device]?.parts ?? []) {
    const part = evidence.parts[index];
    if (part === undefined || !isWanted(index)) continue;
    const own = partReport(report, index);
    // Every state of a part means the same for all of its segments.
    const standings = new Map<number, PictureStanding>();
    const standingOf = (state: number): PictureStanding => {
      const known = standings.get(state) ?? pictureStanding(report, own, state);
      standings.set(state, known);
      return known;
    };
    const { first, last } = part.segments;
    for (let i = segmentAt(first, window.from) ?? 0; i < first.length; i += 1) {
      const begin = first[i] as Utc;
      if (begin > window.to) break;
      const next = first[i + 1];
      const lasting = (last[i] as Utc) > begin ? (last[i] as Utc) : begin;
      const end = next !== undefined && next > lasting && next - lasting <= second ? next : lasting;
      if (end < window.from) continue;
      const standing = standingOf(own?.states[i] ?? segmentState.unchecked);
      found.push({ start: Math.max(0, place(window, begin)), end: Math.min(1, place(window, end)), standing });
    }
  }
  return found;
}

/**
 * Bars of a device, at most one for each of `columns`: where several segments fall into a column the worst of
 * them is shown, so that one bad segment among a hundred thousand is seen.
 */
export function bars(evidence: Evidence, report: Report | null, device: number, window: Window, columns: number): Bar[] {
  const worst = new Array<PictureStanding | null>(columns).fill(null);
  for (const { start, end, standing } of stretches(evidence, report, device, window)) {
    const firstColumn = Math.min(columns - 1, Math.floor(start * columns));
    const lastColumn = Math.min(columns - 1, Math.max(firstColumn, Math.ceil(end * columns) - 1));
    for (let column = firstColumn; column <= lastColumn; column += 1) {
      const there = worst[column] ?? null;
      if (there === null || severity(standing) > severity(there)) worst[column] = standing;
    }
  }
  return joined(worst);
}

export function joined<Kind>(worst: readonly (Kind | null)[]): { start: number; end: number; standing: Kind }[] {
  const columns = worst.length;
  const result: { start: number; end: number; standing: Kind }[] = [];
  worst.forEach((standing, column) => {
    if (standing === null) return;
    const before = result[result.length - 1];
    if (before !== undefined && before.end === column && before.standing === standing) before.end = column + 1;
    else result.push({ start: column, end: column + 1, standing });
  });
  return result.map((bar) => ({ start: bar.start / columns, end: bar.end / columns, standing: bar.standing }));
}

export function gapsOf(report: Report | null, device: number): GapView[] {
  const found = report?.devices.find((one) => one.device === device);
  return (found?.parts ?? []).flatMap((part) => part.gaps).sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0));
}

export function gapBars(gaps: readonly GapView[], window: Window): GapBar[] {
  return gaps
    .filter((gap) => gap.to >= window.from && gap.from <= window.to)
    .map((gap) => ({ start: Math.max(0, place(window, gap.from)), end: Math.min(1, place(window, gap.to)), gap }));
}

export function gapAt(gaps: readonly GapView[], moment: Utc): GapView | null {
  return gaps.find((gap) => gap.from <= moment && moment < gap.to) ?? null;
}

const steps: readonly bigint[] = [1n, 2n, 5n, 10n, 30n, 60n, 120n, 300n, 600n, 1_800n, 3_600n, 7_200n, 21_600n, 43_200n, 86_400n, 604_800n, 2_592_000n, 31_536_000n];

/** Round moments of UTC for the scale, not more than `most`. */
export function ticks(window: Window, most: number): Utc[] {
  const length = window.to - window.from;
  const step = (steps.find((one) => length / (one * second) <= BigInt(most)) ?? length / second / BigInt(most) + 1n) * second;
  const result: Utc[] = [];
  let at = (window.from / step) * step;
  if (at < window.from) at += step;
  for (; at <= window.to && result.length <= most; at += step) result.push(at);
  return result;
}
