/* SPDX-License-Identifier: Apache-2.0 */
import { Cursor } from '../bytes/cursor.js';
import { FormatError } from '../bytes/errors.js';
import { isZero } from '../bytes/octets.js';
import type { Source } from '../bytes/source.js';

/** A box, of which the content is in memory. */
export interface Box {
  type: string;
  /** Offset of the box in the film. */
  offset: number;
  headerSize: number;
  content: Uint8Array;
}

/** Where the boxes of a film stand (E-FLM-1). */
export interface FilmLayout {
  moov: Box;
  /** Contents of the `mdat`, in order. */
  media: { start: number; end: number }[];
}

export const filmRule = 'E-FLM-1';
const maxMovie = 128 << 20;
const maxTopBoxes = 65_536;
const maxBoxes = 4_096;
const brands = ['isom', 'iso2', 'iso3', 'iso4', 'iso5', 'iso6', 'iso7', 'iso8', 'iso9', 'mp41', 'mp42', 'avc1', 'M4V ', 'M4A '];
const maxBrands = 32;

export function failFilm(what: string, offset: number, rule = filmRule): never {
  throw new FormatError(rule, `film: ${what}`, offset);
}

interface BoxHead {
  type: string;
  headerSize: number;
  /** Size of the whole box; 0: to the end of the file. */
  size: number;
}

function readHead(cursor: Cursor): BoxHead {
  const size = cursor.u32('size of a box');
  const type = cursor.ascii(4, 'type of a box');
  if (size !== 1) return { type, headerSize: 8, size };
  return { type, headerSize: 16, size: cursor.size64('size of a box') };
}

/** Boxes that fill a piece of memory. */
export function boxesOf(bytes: Uint8Array, offset: number): Box[] {
  const boxes: Box[] = [];
  const cursor: Cursor = new Cursor(bytes, filmRule, offset);
  while (cursor.remaining > 0) {
    const start = cursor.position;
    const { type, headerSize, size } = readHead(cursor);
    if (size < headerSize) cursor.fail('film: box of an impossible size');
    if (boxes.length === maxBoxes) cursor.fail('film: too many boxes');
    boxes.push({ type, offset: offset + start, headerSize, content: cursor.slice(size - headerSize, 'box') });
  }
  return boxes;
}

/** A cursor behind version and flags of a full box. */
export function fullBox(box: Box, versions: readonly number[] = [0]): { cursor: Cursor; version: number; flags: number } {
  const cursor: Cursor = new Cursor(box.content, filmRule, box.offset + box.headerSize);
  const word = cursor.u32('version and flags');
  const version = word >>> 24;
  if (!versions.includes(version)) cursor.fail(`film: "${box.type}" of version ${version}`);
  return { cursor, version, flags: word & 0xffffff };
}

/** Hands out the children of a box, each of a type that may stand there, and none twice. */
export class Children {
  private readonly boxes: Box[];

  constructor(
    readonly parent: Box,
    once: readonly string[],
    several: readonly string[] = [],
  ) {
    this.boxes = boxesOf(parent.content, parent.offset + parent.headerSize);
    const seen = new Set<string>();
    for (const box of this.boxes) {
      if (several.includes(box.type)) continue;
      if (!once.includes(box.type) || seen.has(box.type)) failFilm(`"${box.type}" in "${parent.type}"`, box.offset);
      seen.add(box.type);
    }
  }

  get types(): string[] {
    return this.boxes.map((box) => box.type);
  }

  all(type: string): Box[] {
    return this.boxes.filter((box) => box.type === type);
  }

  find(type: string): Box | null {
    return this.boxes.find((box) => box.type === type) ?? null;
  }

  get(type: string): Box {
    return this.find(type) ?? failFilm(`no "${type}" in "${this.parent.type}"`, this.parent.offset);
  }

  /** Players depend on what stands first. */
  first(type: string): Box {
    const [box] = this.boxes;
    return box?.type === type ? box : failFilm(`"${this.parent.type}" that does not begin with "${type}"`, this.parent.offset);
  }
}

function checkBrands(box: Box): void {
  const cursor: Cursor = new Cursor(box.content, filmRule, box.offset + box.headerSize);
  const major = cursor.ascii(4, 'brand');
  cursor.u32('version of the brand');
  if (!brands.includes(major)) cursor.fail('film: another brand');
  if (cursor.remaining % 4 !== 0 || cursor.remaining > 4 * maxBrands) cursor.fail('film: too many brands');
}

/** Finds the boxes of a film: one `ftyp` in front, one `moov`, its `mdat`, and room. */
export async function readLayout(film: Source): Promise<FilmLayout> {
  let moov: Box | null = null;
  const media: FilmLayout['media'] = [];
  let at = 0;
  for (let count = 0; at < film.size; count++) {
    if (count === maxTopBoxes) failFilm('too many boxes', at);
    const cursor: Cursor = new Cursor(await film.read(at, 16), filmRule, at);
    const head = readHead(cursor);
    const size = head.size === 0 ? film.size - at : head.size;
    if (size < head.headerSize || at + size > film.size) failFilm('a box that does not fit', at);
    const { type, headerSize } = head;
    if ((count === 0) !== (type === 'ftyp')) failFilm('"ftyp" that does not stand first, and once', at);
    if (type === 'mdat') media.push({ start: at + headerSize, end: at + size });
    else if (type === 'ftyp' || type === 'moov') {
      if (size > maxMovie || (type === 'moov' && moov !== null)) failFilm(`"${type}" that is too large, or a second one`, at);
      const box = { type, offset: at, headerSize, content: await film.read(at + headerSize, size - headerSize) };
      if (type === 'moov') moov = box;
      else checkBrands(box);
    } else if (type !== 'free' && type !== 'skip') failFilm(`"${type}" in the file`, at);
    at += size;
  }
  return { moov: moov ?? failFilm('no "moov"', 0), media };
}

const smallHeader = 8;

function checkItem(item: Box): void {
  if (!/^\xa9[A-Za-z0-9]{3}$/.test(item.type)) failFilm(`"${item.type}" among the texts`, item.offset);
  const [data, more] = boxesOf(item.content, item.offset + item.headerSize);
  if (data === undefined || more !== undefined || data.type !== 'data' || data.headerSize !== smallHeader) failFilm('a text that is none', item.offset);
  const cursor: Cursor = new Cursor(data.content, filmRule, data.offset);
  if (cursor.u32('type of a text') !== 1 || cursor.u32('locale') !== 0) failFilm('a text of another type', data.offset);
}

/** Texts, for which a verifier does not vouch, and nothing that a player may act on. */
export function checkTexts(udta: Box): void {
  const meta = new Children(udta, ['meta']).get('meta');
  if (meta.content.length < 4 || !isZero(meta.content, 0, 4)) failFilm('"meta" of another version', meta.offset);
  const inner = { type: 'meta', offset: meta.offset, headerSize: meta.headerSize + 4, content: meta.content.subarray(4) };
  const children = new Children(inner, ['hdlr', 'ilst']);
  const handler = children.first('hdlr');
  const { content } = handler;
  const isList = String.fromCharCode(...content.subarray(8, 12)) === 'mdir';
  const fits = handler.headerSize === smallHeader && content.length >= 24 && content.length <= 64 && isZero(content, 0, 8) && isList;
  if (!fits) failFilm('texts with another handler', handler.offset);
  const list = children.find('ilst');
  if (list === null) return;
  for (const item of boxesOf(list.content, list.offset + list.headerSize)) checkItem(item);
}
