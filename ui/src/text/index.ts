import { preferences } from '../data/preferences.svelte';
import { en, type Texts } from './en';
import { ja } from './ja';

export type Language = 'en' | 'ja';

/** All texts in the chosen language. Reading it in a component makes that component follow the choice. */
export function t(): Texts {
  return preferences.language === 'ja' ? ja : en;
}

export interface Sentence { text: string; lang: Language }

/** What an attack rule did, in the reader's language if we have its sentence and all values, in English otherwise. */
export function attackSentence(step: { rule: string; params: Record<string, string>; explain: string }): Sentence {
  let complete = true;
  const text = t().attacks[step.rule]?.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = step.params[name];
    complete &&= value !== undefined;
    return value ?? '';
  });
  return text !== undefined && complete ? { text, lang: preferences.language } : { text: step.explain, lang: 'en' };
}

/** What a finding is called: the rule's name in the reader's language if we have it, the title as written otherwise. */
export function findingTitle(finding: { rule: string; title: string }): Sentence {
  const known = t().rules[finding.rule];
  return known ? { text: known.name, lang: preferences.language } : { text: finding.title, lang: 'en' };
}
