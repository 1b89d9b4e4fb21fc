/* SPDX-License-Identifier: Apache-2.0 */
/* Samples of codec `metx` (C-MTD-1 to C-MTD-3). */
import type { TrackView } from '../evidence/model.js';
import { type XmlElement, boxesOf, onvif } from './analytics.js';
import { inflate } from './inflate.js';
import type { DetectedBox } from './model.js';
import { refusalOf } from './xml_bounds.js';

/** C-MTD-2; the same bound holds for what is not compressed. */
export const maxDocument = 1_048_576;

export interface MetadataCoding {
  contentEncoding: string;
  namespaces: string;
  schemaLocations: string;
}

function utf8(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
}

/** Three texts that end in a zero byte each. */
export function readMetadataCoding(configuration: Uint8Array): MetadataCoding {
  const texts: string[] = [];
  let start = 0;
  for (const [at, byte] of configuration.entries()) {
    if (byte !== 0) continue;
    texts.push(utf8(configuration.subarray(start, at)));
    start = at + 1;
    if (texts.length > 3) break;
  }
  const [contentEncoding, namespaces, schemaLocations] = texts;
  if (texts.length !== 3 || start !== configuration.length || contentEncoding === undefined || namespaces === undefined || schemaLocations === undefined) {
    throw new Error('a configuration that is not three texts (C-MTD-1)');
  }
  return { contentEncoding, namespaces, schemaLocations };
}

export function isMetadataReadable(track: TrackView): boolean {
  return track.codec === 'metx';
}

/** The document of a sample, which a parser may be given. */
export async function documentOf(configuration: Uint8Array, data: Uint8Array): Promise<string | null> {
  const coding = readMetadataCoding(configuration);
  if (!coding.namespaces.split(/\s+/).includes(onvif)) return null;
  if (coding.contentEncoding !== '' && coding.contentEncoding !== 'application/zlib') throw new Error('metadata in an unknown encoding (C-MTD-2)');
  const bytes = coding.contentEncoding === '' ? data : await inflate(data, maxDocument);
  if (bytes.length > maxDocument) throw new Error('metadata that is too large');
  const text = utf8(bytes);
  const refusal = refusalOf(text);
  if (refusal !== null) throw new Error(`metadata with ${refusal}`);
  return text;
}

/** Boxes of a sample; `parse` makes a tree of a document, or throws. */
export async function readBoxes(track: TrackView, data: Uint8Array, parse: (text: string) => XmlElement): Promise<DetectedBox[]> {
  const text = await documentOf(track.configuration, data);
  return text === null ? [] : boxesOf(parse(text));
}
