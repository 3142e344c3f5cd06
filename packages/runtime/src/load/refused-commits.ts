import { userError, type PipelineError } from '../errors/pipeline-error';
import type { RefusedCommit } from './load-plan';

/** What the load ends with when everything else is loaded; by the first of the reasons where there are several. */
export function refusedCommits(refused: readonly RefusedCommit[]): PipelineError {
  const text = refused.map(({ reason }) => reason).join('; ');
  const facts = { commits: refused.map(({ dataset, seq }) => ({ dataset, seq })) };
  return userError(refused[0]?.code ?? 'WINDOW_TOO_SHORT', text, facts);
}
