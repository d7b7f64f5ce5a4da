// Numbers, times and sizes as the reader writes them.

import { preferences } from '../data/preferences.svelte';

const locale = () => (preferences.language === 'ja' ? 'ja-JP' : 'en-GB');

export function number(value: number, digits = 0): string {
  return value.toLocaleString(locale(), { maximumFractionDigits: digits });
}

export function percent(share: number, digits = 0): string {
  return share.toLocaleString(locale(), { style: 'percent', maximumFractionDigits: digits });
}

/** Thousandths, never rounded up to a whole. */
export function permille(value: number): string {
  return percent(Math.floor(value) / 1000, 1);
}

export function bytes(size: number): string {
  const units = ['B', 'kB', 'MB', 'GB'];
  let unit = 0;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${number(size, size < 10 && unit > 0 ? 1 : 0)} ${units[unit]}`;
}

export function date(time: string): string {
  return new Date(time).toLocaleDateString(locale(), { year: 'numeric', month: 'short', day: 'numeric' });
}

export function dateTime(time: string): string {
  return new Date(time).toLocaleString(locale(), {
    year: 'numeric', month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', timeZoneName: 'short',
  });
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_557_600], ['month', 2_629_800], ['day', 86_400], ['hour', 3_600], ['minute', 60],
];

/** How long ago, in the largest unit that fits. */
export function ago(time: string): string {
  const seconds = (new Date(time).getTime() - Date.now()) / 1000;
  const words = new Intl.RelativeTimeFormat(locale(), { numeric: 'auto' });
  const [unit, length] = STEPS.find(([, length]) => Math.abs(seconds) >= length) ?? ['minute', 60];
  return words.format(Math.trunc(seconds / length), unit);
}
