/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names that strangers gave, within sentences of this page: always in quotation marks, and isolated, so that
 * neither their words nor their direction of writing run into the sentence around them.
 */
import type { Device } from '../evidence/model.js';
import { isolate, isolateEnd, visibleLine } from './dom.js';
import type { Texts } from './texts/en.js';

/** A name is there to tell things apart; all of it stands where it belongs. */
const longestName = 60;

/** Within quotation marks no other ones: a name cannot close them. */
const quotationMarks = /["\u00ab\u00bb\u201c-\u201f\u2039\u203a\u301d-\u301f\uff02]/g;

export function quoted(t: Texts, name: string, longest = longestName): string {
  // Cut first, so that a mark for something invisible stays whole.
  const points = Array.from(name.slice(0, 2 * longest + 1));
  const cut = points.length > longest ? `${points.slice(0, longest).join('')}…` : name;
  return `${t.quotes[0]}${isolate}${visibleLine(cut).replace(quotationMarks, '\u2019')}${isolateEnd}${t.quotes[1]}`;
}

/** As the device calls itself, or marked as somebody else's word for it. */
export function deviceName(t: Texts, device: Device | undefined, index: number): string {
  const number = t.file.deviceName(index + 1);
  if (device === undefined) return number;
  if (device.name !== null && device.name.trim() !== '') return quoted(t, device.name);
  const told = device.exporterName;
  return told === null || told.trim() === '' ? number : t.file.exporterNames(number, quoted(t, told));
}

/** For names of files, which cannot hold much else. */
export function fileLabel(t: Texts, device: Device | undefined, index: number): string {
  if (device?.name != null && device.name.trim() !== '') return device.name;
  return `${t.file.deviceName(index + 1)} ${device?.exporterName ?? ''}`.trim();
}
