// Which icon and tone stands for which word. A word is always beside them.

import type { AspectState, Mark, ReviewState, Severity, Verdict, WitnessStatus } from '../data/records';
import type { Answer, EvidenceState } from '../data/api';
import type { IconName } from './icons';

export type Tone = 'good' | 'warn' | 'old' | 'bad' | 'mute' | 'accent';
export interface Look { icon: IconName; tone: Tone }

export const stateLook: Record<AspectState, Look> = {
  known: { icon: 'known', tone: 'good' },
  partial: { icon: 'partial', tone: 'warn' },
  stale: { icon: 'stale', tone: 'old' },
  none: { icon: 'none', tone: 'mute' },
};

export const severityLook: Record<Severity, Look> = {
  critical: { icon: 'alert', tone: 'bad' },
  high: { icon: 'alert', tone: 'bad' },
  medium: { icon: 'alert', tone: 'warn' },
  low: { icon: 'dash', tone: 'mute' },
  info: { icon: 'dash', tone: 'mute' },
};

export const verdictLook: Record<Verdict, Look> = {
  exploitable: { icon: 'alert', tone: 'bad' },
  'not-reachable': { icon: 'stop', tone: 'good' },
  mitigated: { icon: 'shield', tone: 'good' },
  'not-affected': { icon: 'check', tone: 'good' },
  unknown: { icon: 'question', tone: 'warn' },
};

export const answerLook: Record<Answer['verdict'], Look> = {
  affected: { icon: 'alert', tone: 'bad' },
  'not-affected': { icon: 'check', tone: 'good' },
  unknown: { icon: 'question', tone: 'warn' },
};

export const reviewLook: Record<ReviewState, Look> = {
  open: { icon: 'none', tone: 'warn' },
  accepted: { icon: 'alert', tone: 'bad' },
  rejected: { icon: 'cross', tone: 'mute' },
};

export const witnessLook: Record<WitnessStatus, Look> = {
  confirmed: { icon: 'check', tone: 'bad' },
  refuted: { icon: 'cross', tone: 'good' },
  'not-attempted': { icon: 'dash', tone: 'mute' },
  'not-possible': { icon: 'dash', tone: 'mute' },
};

export const evidenceLook: Record<EvidenceState, Look> = {
  current: { icon: 'known', tone: 'good' },
  superseded: { icon: 'change', tone: 'mute' },
  withdrawn: { icon: 'cross', tone: 'bad' },
};

export const vexLook: Record<string, Look> = {
  not_affected: { icon: 'check', tone: 'good' }, false_positive: { icon: 'check', tone: 'good' },
  fixed: { icon: 'shield', tone: 'good' }, resolved: { icon: 'shield', tone: 'good' }, resolved_with_pedigree: { icon: 'shield', tone: 'good' },
  affected: { icon: 'alert', tone: 'bad' }, exploitable: { icon: 'alert', tone: 'bad' },
  under_investigation: { icon: 'question', tone: 'warn' }, in_triage: { icon: 'question', tone: 'warn' },
};

/** Of several states the worst, as a parent in the status map takes it. */
export const worst: AspectState[] = ['known', 'partial', 'stale', 'none'];

export const onRoute = (mark: Mark): boolean => mark === 'first' || mark === 'middle' || mark === 'last';
