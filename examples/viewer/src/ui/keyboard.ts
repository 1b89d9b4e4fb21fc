/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of the playback. They work while the focus is within it, so that no single key surprises elsewhere. */

export type Command =
  | 'toggle'
  | 'faster_or_play'
  | 'skip_back'
  | 'skip_forward'
  | 'back_5'
  | 'forward_5'
  | 'back_60'
  | 'forward_60'
  | 'step_back'
  | 'step_forward'
  | 'faster'
  | 'slower'
  | 'begin'
  | 'end'
  | 'mute'
  | 'snapshot'
  | 'clip_begin'
  | 'clip_end'
  | 'full_screen'
  | 'help'
  | { device: number };

export interface Key {
  key: string;
  shiftKey: boolean;
  ctrlKey: boolean;
  altKey: boolean;
  metaKey: boolean;
}

const plain: Record<string, Command> = {
  ' ': 'toggle',
  k: 'toggle',
  j: 'skip_back',
  l: 'faster_or_play',
  ',': 'step_back',
  '.': 'step_forward',
  ':': 'step_forward',
  ';': 'step_back',
  '+': 'faster',
  '=': 'faster',
  '-': 'slower',
  '−': 'slower',
  home: 'begin',
  end: 'end',
  m: 'mute',
  s: 'snapshot',
  i: 'clip_begin',
  o: 'clip_end',
  f: 'full_screen',
  '?': 'help',
};

export function commandOf(key: Key): Command | null {
  if (key.ctrlKey || key.altKey || key.metaKey) return null;
  if (key.key === 'ArrowLeft') return key.shiftKey ? 'back_60' : 'back_5';
  if (key.key === 'ArrowRight') return key.shiftKey ? 'forward_60' : 'forward_5';
  if (/^[1-9]$/.test(key.key)) return { device: Number(key.key) - 1 };
  const name = key.key.toLowerCase();
  return Object.hasOwn(plain, name) ? (plain[name] ?? null) : null;
}

/** Elements that need this key themselves. */
export function isKeyOfElement(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement && target.type !== 'checkbox') return true;
  if (target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  const isPressed = key === ' ' || key === 'Enter';
  return isPressed && target.closest('button, summary, a, input') !== null;
}

export const rates: readonly number[] = [0.25, 0.5, 1, 2, 4, 8, 16];

export function nextRate(rate: number, direction: 1 | -1): number {
  const at = rates.findIndex((one) => one >= rate);
  const next = (at < 0 ? rates.length - 1 : at) + direction;
  return rates[Math.min(rates.length - 1, Math.max(0, next))] ?? 1;
}
