/* SPDX-License-Identifier: Apache-2.0 */
import { FormatError } from '../bytes/errors.js';
import { limits } from './format.js';

/** A number that is not whole; no member that has a meaning may be one. */
export class Fraction {
  constructor(readonly value: number) {}
}

export type Json = null | boolean | string | bigint | Fraction | Json[] | JsonObject;
/** Names come from a file: a map has no members that it was not given. */
export type JsonObject = Map<string, Json>;

/** What a document may hold, and what messages call it. */
export interface JsonBounds {
  rule: string;
  /** Of the message that says that there are too many values. */
  limitRule: string;
  what: string;
  values: number;
  depth: number;
}

const ofCase: JsonBounds = { rule: 'E-CAS', limitRule: 'E-OVR-5', what: 'case', values: limits.caseValues, depth: limits.caseDepth };

const numberPattern = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
const least = -(2n ** 63n);
const most = 2n ** 64n - 1n;
const escapes: Record<string, string> = { '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };
/** Digits of the largest number that is looked at; longer ones are beyond 64 bits anyway. */
const maxDigits = 4096;

/** JSON as RFC 8259 has it, and not a bit more: names once, whole characters, bounded. */
class Parser {
  private at = 0;
  private values = 1;
  private depth = 0;

  constructor(
    private readonly text: string,
    private readonly bounds: JsonBounds,
  ) {}

  document(): Json {
    const value = this.value();
    this.space();
    if (this.at < this.text.length) this.fail('something behind the end');
    return value;
  }

  private fail(what: string): never {
    this.refuse(`that is no JSON: ${what}, character ${this.at}`);
  }

  private refuse(what: string, rule = this.bounds.rule): never {
    throw new FormatError(rule, `${this.bounds.what} ${what}`);
  }

  private space(): void {
    for (; this.at < this.text.length; this.at++) {
      const code = this.text.charCodeAt(this.at);
      if (code !== 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0d) return;
    }
  }

  private count(): void {
    if (++this.values > this.bounds.values) this.refuse('with too many values', this.bounds.limitRule);
  }

  private take(letter: string): boolean {
    this.space();
    if (this.text[this.at] !== letter) return false;
    this.at++;
    return true;
  }

  private value(): Json {
    this.space();
    const letter = this.text[this.at];
    if (letter === '{') return this.nested(() => this.object());
    if (letter === '[') return this.nested(() => this.array());
    if (letter === '"') return this.string();
    if (letter === 't') return this.word('true', true);
    if (letter === 'f') return this.word('false', false);
    if (letter === 'n') return this.word('null', null);
    return this.number();
  }

  private nested<T>(read: () => T): T {
    this.at++;
    this.count();
    if (++this.depth > this.bounds.depth) this.refuse('that is nested too deeply');
    const value = read();
    this.depth--;
    return value;
  }

  private word<T>(word: string, value: T): T {
    if (!this.text.startsWith(word, this.at)) this.fail('unknown word');
    this.at += word.length;
    return value;
  }

  private object(): JsonObject {
    const members: JsonObject = new Map();
    if (this.take('}')) return members;
    do {
      this.space();
      if (this.text[this.at] !== '"') this.fail('a name is missing');
      const name = this.string();
      if (members.has(name)) this.fail('a name twice');
      if (!this.take(':')) this.fail('a colon is missing');
      members.set(name, this.value());
    } while (this.comma('}'));
    return members;
  }

  private array(): Json[] {
    const items: Json[] = [];
    if (this.take(']')) return items;
    do items.push(this.value());
    while (this.comma(']'));
    return items;
  }

  private comma(end: string): boolean {
    if (this.take(',')) {
      this.count();
      return true;
    }
    if (!this.take(end)) this.fail(`"${end}" is missing`);
    return false;
  }

  private string(): string {
    let text = '';
    let from = ++this.at;
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (Number.isNaN(code)) this.fail('text without an end');
      if (code < 0x20) this.fail('control character in a text');
      if (code !== 0x22 && code !== 0x5c) {
        this.at++;
        continue;
      }
      text += this.text.slice(from, this.at++);
      if (code === 0x22) break;
      text += this.escape();
      from = this.at;
    }
    if (text.includes('\0')) this.refuse('with U+0000 in a text');
    if (/[\ud800-\udfff]/u.test(text)) this.refuse('with half of a character');
    return text;
  }

  private escape(): string {
    const letter = this.text[this.at++] ?? '';
    const simple = escapes[letter];
    if (simple !== undefined) return simple;
    const digits = this.text.slice(this.at, this.at + 4);
    if (letter !== 'u' || !/^[0-9a-fA-F]{4}$/.test(digits)) this.fail('unknown escape');
    this.at += 4;
    return String.fromCharCode(Number.parseInt(digits, 16));
  }

  private number(): bigint | Fraction {
    numberPattern.lastIndex = this.at;
    const match = numberPattern.exec(this.text);
    if (match === null) this.fail('a value is missing');
    const [digits, fraction, exponent] = match;
    this.at += digits.length;
    if (digits.length > maxDigits) this.fail('number beyond 64 bits');
    if (fraction !== undefined || exponent !== undefined) {
      const value = Number(digits);
      if (!Number.isFinite(value) || value > Number(most) || value < Number(least)) this.fail('number beyond 64 bits');
      return new Fraction(value);
    }
    const whole = BigInt(digits);
    if (whole > most || whole < least) this.fail('number beyond 64 bits');
    return whole;
  }
}

/** Parses UTF-8 JSON as section 6 of evidence.md allows it. */
export function parseJson(bytes: Uint8Array, bounds: JsonBounds = ofCase): Json {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new FormatError(bounds.rule, `${bounds.what} that is not UTF-8`);
  }
  return new Parser(text, bounds).document();
}
