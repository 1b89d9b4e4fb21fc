/* SPDX-License-Identifier: Apache-2.0 */
import type { Utc } from '../evidence/model.js';

const pattern = /^(?:(\d{4})-(\d\d)-(\d\d)[T ]|(\d\d?)\.(\d\d?)\.(\d{4})[, ]+)?(\d\d?):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s*(?:Z|UTC|Uhr|Uhr UTC)?$/i;

/**
 * A moment of UTC as somebody types it: `2026-03-14 08:15:00.250`, `14.3.2026 08:15`, or a time of the day of
 * `near` alone. Null where it is none.
 */
export function readMoment(text: string, near: Utc): Utc | null {
  const found = pattern.exec(text.trim());
  if (found === null) return null;
  const [, isoYear, isoMonth, isoDay, day, month, year, hours, minutes, seconds, fraction] = found;
  const today = new Date(Number(near / 1_000_000n));
  const parts = {
    year: Number(isoYear ?? year ?? today.getUTCFullYear()),
    month: Number(isoMonth ?? month ?? today.getUTCMonth() + 1),
    day: Number(isoDay ?? day ?? today.getUTCDate()),
  };
  const [hour, minute, second] = [Number(hours), Number(minutes), Number(seconds ?? 0)];
  if (hour > 23 || minute > 59 || second > 60) return null;
  const date = new Date(Date.UTC(parts.year, parts.month - 1, parts.day, hour, minute, second));
  if (date.getUTCMonth() !== parts.month - 1 || (second < 60 && date.getUTCDate() !== parts.day)) return null;
  return BigInt(date.getTime()) * 1_000_000n + BigInt((fraction ?? '').padEnd(9, '0'));
}
