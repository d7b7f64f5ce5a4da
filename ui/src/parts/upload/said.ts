import { Problem } from '../../data/api';
import { t } from '../../text';

/** What went wrong, for people. */
export function said(problem: unknown): string {
  if (!(problem instanceof Problem)) return problem instanceof Error ? problem.message : String(problem);
  if (problem.code === 'unreachable') return t().problem.unreachable;
  if (problem.code === 'role') return t().upload.role;
  if (problem.code === 'not-your-key') return t().upload.keyUnknown;
  return [problem.message, problem.hint].filter((text) => text).join(' · ');
}
