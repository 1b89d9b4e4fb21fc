/* SPDX-License-Identifier: Apache-2.0 */

/** A number with the form of the noun that belongs to it: `count(2, 'segment', 'segments')`. */
export function counter(locale: string): (value: number, one: string, other: string) => string {
  const rules = new Intl.PluralRules(locale);
  const numbers = new Intl.NumberFormat(locale);
  return (value, one, other) => `${numbers.format(value)} ${rules.select(value) === 'one' ? one : other}`;
}
