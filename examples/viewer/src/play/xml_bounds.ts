/* SPDX-License-Identifier: Apache-2.0 */
/* Looks over an XML document before a parser sees it: parsers recurse and expand, this does neither. */

const maxDepth = 32;
const maxElements = 16_384;
const maxAttributesText = 65_536;

/** Where a tag ends, past `>` in quoted values; -1 where it does not. */
function endOfTag(text: string, from: number): number {
  let quote = '';
  const stop = Math.min(text.length, from + maxAttributesText);
  for (let at = from; at < stop; at++) {
    const letter = text[at] as string;
    if (quote !== '') {
      if (letter === quote) quote = '';
    } else if (letter === '"' || letter === "'") quote = letter;
    else if (letter === '>') return at;
    else if (letter === '<') return -1;
  }
  return -1;
}

function skipped(text: string, at: number, start: string, end: string): number | null {
  if (!text.startsWith(start, at)) return null;
  const found = text.indexOf(end, at + start.length);
  return found < 0 ? -1 : found + end.length;
}

/** Why a document is not given to a parser; null where it may be (C-MTD-3). */
export function refusalOf(text: string): string | null {
  let depth = 0;
  let elements = 0;
  let at = text.indexOf('<');
  while (at >= 0) {
    const past = skipped(text, at, '<!--', '-->') ?? skipped(text, at, '<![CDATA[', ']]>') ?? skipped(text, at, '<?', '?>');
    if (past === -1) return 'something that does not end';
    if (past !== null) {
      at = text.indexOf('<', past);
      continue;
    }
    if (text[at + 1] === '!') return 'a document type declaration (C-MTD-3)';
    const end = endOfTag(text, at + 1);
    if (end < 0) return 'a tag that does not end';
    if (text[at + 1] === '/') depth -= 1;
    else {
      elements += 1;
      if (depth + 1 > maxDepth) return `more than ${maxDepth} elements in each other`;
      if (text[end - 1] !== '/') depth += 1;
    }
    if (depth < 0) return 'an end without a start';
    if (elements > maxElements) return `more than ${maxElements} elements`;
    at = text.indexOf('<', end);
  }
  return depth === 0 && elements > 0 ? null : 'no whole document';
}
