/* SPDX-License-Identifier: Apache-2.0 */
/* Language and appearance. Nothing is stored: each opening of the page begins as the system says. */
import { de } from './texts/de.js';
import { type Texts, en } from './texts/en.js';
import type { Language } from './times.js';

export type Theme = 'system' | 'light' | 'dark';

const texts: Record<Language, Texts> = { en, de };

export function textsOf(language: Language): Texts {
  return texts[language];
}

export function preferredLanguage(languages: readonly string[]): Language {
  for (const one of languages) {
    const name = one.slice(0, 2).toLowerCase();
    if (name === 'de' || name === 'en') return name;
  }
  return 'en';
}

/** The style sheet knows two appearances; which of them, is decided here. */
export class Appearance {
  theme: Theme = 'system';
  private readonly systemDark = matchMedia('(prefers-color-scheme: dark)');

  constructor() {
    this.systemDark.addEventListener('change', () => this.apply());
    this.apply();
  }

  set(theme: Theme): void {
    this.theme = theme;
    this.apply();
  }

  private apply(): void {
    const isDark = this.theme === 'dark' || (this.theme === 'system' && this.systemDark.matches);
    document.documentElement.dataset['theme'] = isDark ? 'dark' : 'light';
  }
}
