// What the reader chose, remembered in this browser only.

import type { Language } from '../text';

export type Theme = 'system' | 'light' | 'dark';

function remembered<T extends string>(key: string, allowed: readonly T[], otherwise: T): T {
  try {
    const value = localStorage.getItem(key) as T | null;
    return value !== null && allowed.includes(value) ? value : otherwise;
  } catch {
    return otherwise;
  }
}

function remember(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // A browser that stores nothing forgets the choice with the page.
  }
}

const LANGUAGES = ['en', 'ja'] as const;
const THEMES = ['system', 'light', 'dark'] as const;

class Preferences {
  language = $state<Language>(remembered('language', LANGUAGES, navigator.language.startsWith('ja') ? 'ja' : 'en'));
  theme = $state<Theme>(remembered('theme', THEMES, 'system'));

  choose(language: Language): void {
    this.language = language;
    remember('language', language);
    this.apply();
  }

  dress(theme: Theme): void {
    this.theme = theme;
    remember('theme', theme);
    this.apply();
  }

  /** Language and theme belong to the document, so that style sheets and screen readers know them. */
  apply(): void {
    document.documentElement.lang = this.language;
    document.documentElement.dataset.theme = this.theme;
  }
}

export const preferences = new Preferences();
