/* SPDX-License-Identifier: Apache-2.0 */
/* Elements are made here and nowhere else; what a file says becomes text and never markup. */

export type Child = Node | string | null | false | undefined;

export interface Props {
  class?: string;
  id?: string;
  /** Attributes; null and false leave one out, true sets it empty. */
  attrs?: Record<string, string | number | boolean | null>;
  on?: { [K in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[K]) => void };
}

function setAttributes(element: Element, attrs: Record<string, string | number | boolean | null>): void {
  for (const [name, value] of Object.entries(attrs)) {
    if (value === null || value === false) continue;
    element.setAttribute(name, value === true ? '' : String(value));
  }
}

export function append(parent: Element, children: readonly (Child | readonly Child[])[]): void {
  for (const child of children.flat() as Child[]) {
    if (child === null || child === undefined || child === false) continue;
    parent.append(child);
  }
}

export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props | string | null = null,
  ...children: (Child | readonly Child[])[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (typeof props === 'string') element.className = props;
  else if (props !== null) {
    if (props.class !== undefined) element.className = props.class;
    if (props.id !== undefined) element.id = props.id;
    if (props.attrs !== undefined) setAttributes(element, props.attrs);
    for (const [name, listener] of Object.entries(props.on ?? {})) {
      element.addEventListener(name, listener as EventListener);
    }
  }
  append(element, children);
  return element;
}

const svgSpace = 'http://www.w3.org/2000/svg';

export function svg(tag: string, attrs: Record<string, string | number | boolean | null>, ...children: Child[]): SVGElement {
  const element = document.createElementNS(svgSpace, tag);
  setAttributes(element, attrs);
  append(element, children);
  return element;
}

export function replaceChildren(parent: Element, ...children: (Child | readonly Child[])[]): void {
  parent.replaceChildren();
  append(parent, children);
}

const longest = 4_000;
const unseen = /(?![\t\n])[\p{Cc}\p{Cs}\p{Default_Ignorable_Code_Point}\u2028\u2029\ufff9-\ufffb]/gu;

/** A stranger's text as it can be shown: what is invisible or changes the direction of writing is made visible. */
export function visible(text: string): string {
  const cut = text.length > longest ? `${text.slice(0, longest).replace(/[\ud800-\udbff]$/, '')}…` : text;
  return cut.replace(unseen, (character) => `⟨U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`);
}

/** As `visible`, on one line. */
export function visibleLine(text: string): string {
  return visible(text).replace(/[\n\t]+/g, ' ⏎ ');
}

/** A stranger's text, kept apart from the writing around it. */
export function alien(text: string, className = 'alien'): HTMLElement {
  return el('bdi', className, visible(text));
}

/** What of a sentence is this page's, and what is a name: names are isolated (see names.ts). */
export interface Span {
  text: string;
  isName: boolean;
}

export const isolate = '\u2068';
export const isolateEnd = '\u2069';

export function spansOf(sentence: string): Span[] {
  const spans: Span[] = [];
  sentence.split(/\u2068([^\u2068\u2069]*)\u2069/).forEach((text, i) => {
    if (text !== '') spans.push({ text, isName: i % 2 === 1 });
  });
  return spans;
}

/** For attributes and files of text, which have no elements to isolate anything. */
export function plain(sentence: string): string {
  return spansOf(sentence).map((span) => span.text).join('');
}

/** A sentence of this page; each name in it is an element of its own. */
export function spoken(sentence: string, className = 'alien'): Child[] {
  return spansOf(sentence).map(({ text, isName }) => (isName ? el('bdi', className, visible(text)) : visible(text)));
}
