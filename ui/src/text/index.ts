import { preferences } from '../data/preferences.svelte';
import { en, type Texts } from './en';
import { ja } from './ja';

export type Language = 'en' | 'ja';

/** All texts in the chosen language. Reading it in a component makes that component follow the choice. */
export function t(): Texts {
  return preferences.language === 'ja' ? ja : en;
}

/** A sentence made by a rule: in the reader's language if we have it, in English as written otherwise. */
export function byRule(rule: string, params: Record<string, string>, english: string): { text: string; lang: Language } {
  const sentence = t().rules[rule];
  return sentence ? { text: sentence(params), lang: preferences.language } : { text: english, lang: 'en' };
}
