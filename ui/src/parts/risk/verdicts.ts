// What has to be looked at first.
import type { Verdict } from '../../data/records';

export const order: Verdict[] = ['exploitable', 'unknown', 'mitigated', 'not-reachable', 'not-affected'];
