import { PipelineError } from '../errors/pipeline-error';
import type { ContractProblem } from './contract';
import { formatProblem } from './parse/problems';

/** A contract that cannot be used, with everything that is wrong in it. */
export class ContractError extends PipelineError {
  readonly problems: readonly ContractProblem[];

  constructor(problems: readonly ContractProblem[]) {
    const errors = problems.filter((problem) => problem.severity === 'error');
    super('CONTRACT', errors.map(formatProblem).join('\n'), { kind: 'terminal', fault: 'user', facts: { problems: errors.length } });
    this.name = 'ContractError';
    this.problems = problems;
  }
}
