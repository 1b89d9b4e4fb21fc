/* SPDX-License-Identifier: Apache-2.0 */
/* Times, lengths and sizes in words. Times are nanoseconds since 1970 (UTC). */
import { unknownUtc } from '../container/format.js';
import type { Utc } from '../evidence/model.js';

export type Language = 'en' | 'de';

const locales = { en: 'en-GB', de: 'de-DE' } as const;
const million = 1_000_000n;

export function milliseconds(utc: Utc): number {
  const floor = utc >= 0n ? utc / million : -((-utc + million - 1n) / million);
  return Number(floor);
}

export function isKnown(utc: Utc | null): utc is Utc {
  return utc !== null && utc !== unknownUtc;
}

function pad(value: number, digits = 2): string {
  return String(value).padStart(digits, '0');
}

function clockOf(date: Date, isUtc: boolean, fraction: boolean, mark: string): string {
  const [hours, minutes, seconds, rest] = isUtc
    ? [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds(), date.getUTCMilliseconds()]
    : [date.getHours(), date.getMinutes(), date.getSeconds(), date.getMilliseconds()];
  const whole = `${pad(hours)}:${pad(minutes)}:${pad(seconds)}`;
  return fraction ? `${whole}${mark}${pad(rest, 3)}` : whole;
}

/** Dates and times in one language; `zone` is that of the machine. */
export class Times {
  readonly zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  private readonly mark: string;
  private readonly utcDate: Intl.DateTimeFormat;
  private readonly localDate: Intl.DateTimeFormat;
  private readonly zoneName: Intl.DateTimeFormat;
  private readonly number: Intl.NumberFormat;
  private readonly share: Intl.NumberFormat;

  constructor(private readonly language: Language) {
    const locale = locales[language];
    this.mark = language === 'de' ? ',' : '.';
    this.utcDate = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeZone: 'UTC' });
    this.localDate = new Intl.DateTimeFormat(locale, { dateStyle: 'long' });
    this.zoneName = new Intl.DateTimeFormat(locale, { timeZoneName: 'short' });
    this.number = new Intl.NumberFormat(locale);
    this.share = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 0 });
  }

  /** `21 November 2026, 17:24:25.123 UTC` */
  utc(utc: Utc | null, fraction = false): string {
    if (!isKnown(utc)) return this.language === 'de' ? 'unbekannt' : 'unknown';
    const date = new Date(milliseconds(utc));
    const clock = clockOf(date, true, fraction, this.mark);
    return `${this.utcDate.format(date)}, ${clock}${this.language === 'de' ? ' Uhr UTC' : ' UTC'}`;
  }

  /** The same moment by the clock of this machine's place. */
  local(utc: Utc | null, fraction = false): string {
    if (!isKnown(utc)) return this.language === 'de' ? 'unbekannt' : 'unknown';
    const date = new Date(milliseconds(utc));
    const clock = clockOf(date, false, fraction, this.mark);
    return `${this.localDate.format(date)}, ${clock}${this.language === 'de' ? ' Uhr' : ''} ${this.zoneAt(utc)}`;
  }

  date(utc: Utc): string {
    return this.utcDate.format(new Date(milliseconds(utc)));
  }

  localDay(utc: Utc): string {
    return this.localDate.format(new Date(milliseconds(utc)));
  }

  /** `17:24:25.123`, without a date. */
  clock(utc: Utc, isUtc = true, fraction = true): string {
    return clockOf(new Date(milliseconds(utc)), isUtc, fraction, this.mark);
  }

  zoneAt(utc: Utc): string {
    const parts = this.zoneName.formatToParts(new Date(milliseconds(utc)));
    return parts.find((part) => part.type === 'timeZoneName')?.value ?? this.zone;
  }

  /** From one moment to another, with the date once where it is the same. */
  period(from: Utc | null, to: Utc | null): string {
    const dash = ' – ';
    if (isKnown(from) && isKnown(to) && this.date(from) === this.date(to)) {
      const tail = this.language === 'de' ? ' Uhr UTC' : ' UTC';
      return `${this.date(from)}, ${this.clock(from, true, false)}${dash}${this.clock(to, true, false)}${tail}`;
    }
    return `${this.utc(from)}${dash}${this.utc(to)}`;
  }

  count(value: number): string {
    return this.number.format(value);
  }

  percent(part: number): string {
    return this.share.format(part);
  }

  /** `2.00 GiB` */
  size(bytes: number): string {
    const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
    let unit = 0;
    let value = bytes;
    while (value >= 1024 && unit < units.length - 1) {
      value /= 1024;
      unit += 1;
    }
    if (unit === 0) return `${this.count(bytes)} ${this.language === 'de' ? 'Byte' : bytes === 1 ? 'byte' : 'bytes'}`;
    const format = new Intl.NumberFormat(locales[this.language], { minimumFractionDigits: 2, maximumFractionDigits: 2 });
    return `${format.format(value)} ${units[unit]}`;
  }

  /** `2.00 GiB (2,147,483,648 bytes)` */
  sizeExact(bytes: number): string {
    if (bytes < 1024) return this.size(bytes);
    return `${this.size(bytes)} (${this.count(bytes)} ${this.language === 'de' ? 'Byte' : 'bytes'})`;
  }

  /** `1 h 02 min 03 s` */
  length(nanoseconds: bigint): string {
    const total = nanoseconds < 0n ? 0 : Number(nanoseconds / million);
    if (total < 1_000) return `${total} ms`;
    if (total < 60_000) {
      const format = new Intl.NumberFormat(locales[this.language], { maximumFractionDigits: 1 });
      return `${format.format(total / 1_000)} s`;
    }
    const seconds = Math.round(total / 1_000);
    const parts = [seconds % 60, Math.floor(seconds / 60) % 60, Math.floor(seconds / 3_600)] as const;
    if (parts[2] === 0) return `${parts[1]} min ${pad(parts[0])} s`;
    return `${this.count(parts[2])} h ${pad(parts[1])} min ${pad(parts[0])} s`;
  }

  rate(rate: number): string {
    return `${new Intl.NumberFormat(locales[this.language]).format(rate)}×`;
  }
}

/** `20261121T172425.123Z`, for names of files. */
export function compactUtc(utc: Utc): string {
  const iso = new Date(milliseconds(utc)).toISOString();
  return iso.replace(/[-:]/g, '');
}

/** A name of a file without what a system or a reader could stumble over. */
export function safeName(text: string): string {
  const cleaned = text.replace(/[^\p{L}\p{N}._ -]+/gu, '_').replace(/^[.\s_]+|[.\s_]+$/g, '').slice(0, 80);
  return cleaned === '' ? 'device' : cleaned;
}

/** The mark says what the picture is worth, where that is less than authentic. */
export function snapshotName(device: string, utc: Utc, mark = ''): string {
  return `${safeName(device)}_${compactUtc(utc)}${mark === '' ? '' : `_${mark}`}.png`;
}

export function clipName(device: string, from: Utc, to: Utc, mark = ''): string {
  return `${safeName(device)}_${compactUtc(from)}_${compactUtc(to)}${mark === '' ? '' : `_${mark}`}`;
}
