/* SPDX-License-Identifier: Apache-2.0 */
/* Boxes out of ONVIF scene descriptions (tt:MetadataStream), as texts and numbers of a stranger. */
import type { DetectedBox } from './model.js';

export const onvif = 'http://www.onvif.org/ver10/schema';
export const maxBoxes = 256;
const maxLabel = 64;

/** What of an element is looked at; of a DOM, or of anything else. */
export interface XmlElement {
  readonly namespace: string | null;
  readonly name: string;
  attribute(name: string): string | null;
  children(): XmlElement[];
  text(): string;
}

/** Coordinates of a scene: x' = x * scale + translate. */
interface Mapping {
  scale: { x: number; y: number };
  translate: { x: number; y: number };
}

const identity: Mapping = { scale: { x: 1, y: 1 }, translate: { x: 0, y: 0 } };

function childrenOf(element: XmlElement, name: string): XmlElement[] {
  return element.children().filter((child) => child.name === name && child.namespace === onvif);
}

function childOf(element: XmlElement | null, name: string): XmlElement | null {
  return element === null ? null : (childrenOf(element, name)[0] ?? null);
}

function numberOf(text: string | null): number | null {
  if (text === null || text.length > 32 || text.trim() === '') return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}

function vectorOf(element: XmlElement | null, otherwise: { x: number; y: number }): { x: number; y: number } {
  if (element === null) return otherwise;
  return { x: numberOf(element.attribute('x')) ?? otherwise.x, y: numberOf(element.attribute('y')) ?? otherwise.y };
}

function mappingOf(parent: XmlElement): Mapping {
  const element = childOf(parent, 'Transformation');
  return {
    scale: vectorOf(childOf(element, 'Scale'), identity.scale),
    translate: vectorOf(childOf(element, 'Translate'), identity.translate),
  };
}

/** Control characters, and those that turn the direction of the text around them, have no place in a label. */
function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, ' ').trim().slice(0, maxLabel);
}

interface Candidate {
  type: string;
  likelihood: number | null;
}

function candidatesOf(appearance: XmlElement): Candidate[] {
  const classes = childOf(appearance, 'Class');
  if (classes === null) return [];
  const types = childrenOf(classes, 'Type').map((one) => ({ type: one.text(), likelihood: numberOf(one.attribute('Likelihood')) }));
  const candidates = childrenOf(classes, 'ClassCandidate').map((one) => ({
    type: childOf(one, 'Type')?.text() ?? '',
    likelihood: numberOf(childOf(one, 'Likelihood')?.text() ?? null),
  }));
  return [...types, ...candidates].filter((one) => plain(one.type) !== '');
}

/** The likeliest kind of object. */
function labelOf(appearance: XmlElement): string {
  let best: Candidate | null = null;
  for (const one of candidatesOf(appearance)) if (best === null || (one.likelihood ?? 0) > (best.likelihood ?? 0)) best = one;
  if (best === null) return '';
  const { likelihood } = best;
  const isPart = likelihood !== null && likelihood >= 0 && likelihood <= 1;
  return isPart ? `${plain(best.type)} ${Math.round(likelihood * 100)} %` : plain(best.type);
}

function mapped(value: number, axis: 'x' | 'y', mappings: readonly Mapping[]): number {
  return mappings.reduce((at, mapping) => at * mapping.scale[axis] + mapping.translate[axis], value);
}

function within(value: number): number {
  return Math.min(1, Math.max(0, value));
}

function boxOf(object: XmlElement, frame: Mapping): DetectedBox | null {
  const appearance = childOf(object, 'Appearance');
  const bounds = childOf(childOf(appearance, 'Shape'), 'BoundingBox');
  if (appearance === null || bounds === null) return null;
  const mappings = [mappingOf(appearance), frame];
  const edge = (name: string, axis: 'x' | 'y'): number => {
    const value = numberOf(bounds.attribute(name));
    return value === null ? NaN : mapped(value, axis, mappings);
  };
  const [x0, x1] = [(edge('left', 'x') + 1) / 2, (edge('right', 'x') + 1) / 2];
  // Upwards in the scene, downwards in the picture.
  const [y0, y1] = [(1 - edge('top', 'y')) / 2, (1 - edge('bottom', 'y')) / 2];
  if (![x0, x1, y0, y1].every(Number.isFinite)) return null;
  const box = { left: within(Math.min(x0, x1)), right: within(Math.max(x0, x1)), top: within(Math.min(y0, y1)), bottom: within(Math.max(y0, y1)) };
  if (box.left >= box.right || box.top >= box.bottom) return null;
  const id = object.attribute('ObjectId');
  return { ...box, label: labelOf(appearance), objectId: id === null ? null : plain(id) };
}

/** Boxes of the newest frame of each analysis in a document; its own UTC gives way to the sample's (C-MTD-1). */
export function boxesOf(root: XmlElement): DetectedBox[] {
  if (root.name !== 'MetadataStream' || root.namespace !== onvif) throw new Error('no tt:MetadataStream');
  const boxes: DetectedBox[] = [];
  for (const analytics of childrenOf(root, 'VideoAnalytics')) {
    const frames = childrenOf(analytics, 'Frame');
    const frame = frames[frames.length - 1];
    if (frame === undefined) continue;
    const mapping = mappingOf(frame);
    for (const object of childrenOf(frame, 'Object')) {
      const box = boxOf(object, mapping);
      if (box !== null) boxes.push(box);
      if (boxes.length >= maxBoxes) return boxes;
    }
  }
  return boxes;
}
