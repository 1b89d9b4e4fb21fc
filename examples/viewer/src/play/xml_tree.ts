/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tree of an XML document that `refusalOf` let pass. The page's policy lets no text become a document of the
 * browser, so this reads what scene descriptions need: elements, attributes, namespaces, text. It expands nothing
 * but the five entities of XML and numbers of characters.
 */
import type { XmlElement } from './analytics.js';

const xmlNamespace = 'http://www.w3.org/XML/1998/namespace';
const name = /^[\p{L}_][\p{L}\p{N}_.·-]*(?::[\p{L}_][\p{L}\p{N}_.·-]*)?$/u;
const attributePattern = /\s+([^\s=<>"'/]+)\s*=\s*("[^"<]*"|'[^'<]*')/gy;
const entities: ReadonlyMap<string, string> = new Map([['amp', '&'], ['lt', '<'], ['gt', '>'], ['quot', '"'], ['apos', "'"]]);
const maxAttributes = 256;

type Scope = ReadonlyMap<string, string>;

function malformed(what: string): never {
  throw new Error(`metadata that is not well-formed: ${what}`);
}

function characterOf(digits: string, base: number): string {
  const code = Number.parseInt(digits, base);
  if (!(code <= 0x10ffff) || code === 0 || (code >= 0xd800 && code < 0xe000)) malformed('a number that is no character');
  return String.fromCodePoint(code);
}

function unescaped(text: string): string {
  return text.replace(/&([^;&]{0,32};?)/g, (_, written: string) => {
    const entity = written.endsWith(';') ? written.slice(0, -1) : malformed('a reference that does not end');
    if (/^#[0-9]+$/.test(entity)) return characterOf(entity.slice(1), 10);
    if (/^#x[0-9a-fA-F]+$/.test(entity)) return characterOf(entity.slice(2), 16);
    return entities.get(entity) ?? malformed('an unknown entity');
  });
}

class Element implements XmlElement {
  readonly namespace: string | null;
  readonly name: string;
  readonly content: (Element | string)[] = [];

  constructor(
    readonly tag: string,
    private readonly attributes: ReadonlyMap<string, string>,
    readonly scope: Scope,
  ) {
    const colon = tag.indexOf(':');
    const prefix = colon < 0 ? '' : tag.slice(0, colon);
    const namespace = scope.get(prefix) ?? '';
    if (prefix !== '' && namespace === '') malformed('a prefix without a namespace');
    this.namespace = namespace === '' ? null : namespace;
    this.name = tag.slice(colon + 1);
  }

  attribute(wanted: string): string | null {
    return this.attributes.get(wanted) ?? null;
  }

  children(): Element[] {
    return this.content.filter((one): one is Element => typeof one !== 'string');
  }

  text(): string {
    return this.content.map((one) => (typeof one === 'string' ? one : one.text())).join('');
  }
}

function attributesOf(text: string): Map<string, string> {
  const attributes = new Map<string, string>();
  attributePattern.lastIndex = 0;
  let end = 0;
  for (let found = attributePattern.exec(text); found !== null; found = attributePattern.exec(text)) {
    const [, key = '', quoted = ''] = found;
    if (!name.test(key) || attributes.has(key) || attributes.size >= maxAttributes) malformed('attributes');
    attributes.set(key, unescaped(quoted.slice(1, -1)));
    end = attributePattern.lastIndex;
  }
  if (text.slice(end).trim() !== '') malformed('attributes');
  return attributes;
}

function scopeOf(attributes: ReadonlyMap<string, string>, outer: Scope): Scope {
  const declared = [...attributes].filter(([key]) => key === 'xmlns' || key.startsWith('xmlns:'));
  if (declared.length === 0) return outer;
  return new Map([...outer, ...declared.map(([key, value]): [string, string] => [key === 'xmlns' ? '' : key.slice(6), value])]);
}

function startOf(tag: string, scope: Scope): Element {
  const inner = tag.endsWith('/') ? tag.slice(0, -1) : tag;
  const [written = ''] = /^[^\s]*/.exec(inner) ?? [];
  if (!name.test(written)) malformed('a name');
  const attributes = attributesOf(inner.slice(written.length));
  return new Element(written, attributes, scopeOf(attributes, scope));
}

/** Markup, quoted values with `>` in them included, or what stands between. */
const pieces = /<!--[^]*?-->|<!\[CDATA\[[^]*?\]\]>|<\?[^]*?\?>|<(?:[^<>"']|"[^"]*"|'[^']*')*>|[^<]+/gy;

class TreeBuilder {
  root: Element | null = null;
  private readonly open: Element[] = [];

  take(piece: string): void {
    if (piece.startsWith('<!--') || piece.startsWith('<?')) return;
    if (piece.startsWith('<![CDATA[')) this.text(piece.slice(9, -3));
    else if (piece.startsWith('</')) this.end(piece.slice(2, -1).trimEnd());
    else if (piece.startsWith('<')) this.start(piece.slice(1, -1));
    else this.text(unescaped(piece));
  }

  private text(text: string): void {
    const top = this.open[this.open.length - 1];
    if (top !== undefined) top.content.push(text);
    else if (text.replace(/^\ufeff/, '').trim() !== '') malformed('text outside of everything');
  }

  private start(tag: string): void {
    const top = this.open[this.open.length - 1];
    const element = startOf(tag, top?.scope ?? new Map([['xml', xmlNamespace]]));
    if (top !== undefined) top.content.push(element);
    else if (this.root !== null) malformed('two documents');
    this.root ??= element;
    if (!tag.endsWith('/')) this.open.push(element);
  }

  private end(tag: string): void {
    if (this.open.pop()?.tag !== tag) malformed('an end of another element');
  }

  finished(): Element {
    if (this.root === null || this.open.length > 0) malformed('no whole document');
    return this.root;
  }
}

/** The outermost element; throws where the document is not well-formed. */
export function parseXml(text: string): XmlElement {
  const builder = new TreeBuilder();
  pieces.lastIndex = 0;
  let end = 0;
  for (let found = pieces.exec(text); found !== null; found = pieces.exec(text)) {
    builder.take(found[0]);
    end = pieces.lastIndex;
  }
  if (end !== text.length) malformed('markup');
  return builder.finished();
}
