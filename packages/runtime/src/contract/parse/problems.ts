import type { ContractProblem } from '../contract';
import type { Position } from './yaml-value';

/** What a check says; the list adds where. */
export interface Finding {
  readonly rule: string;
  readonly value: string;
  readonly message: string;
  readonly fix: string;
  /** @default 'error' */
  readonly severity?: 'error' | 'warning';
}

/** Collects everything that is wrong in one file, so that a reader mends all of it at once. */
export class ProblemList {
  readonly problems: ContractProblem[] = [];
  readonly ignored: string[] = [];

  constructor(private readonly file: string) {}

  add(at: Position, path: string, finding: Finding): void {
    this.problems.push({
      file: this.file,
      line: at.line,
      column: at.column,
      path,
      rule: finding.rule,
      value: shorten(finding.value),
      message: finding.message,
      fix: finding.fix,
      severity: finding.severity ?? 'error',
    });
  }

  /** Notes a key that is part of the standard and has no effect here. */
  ignore(path: string): void {
    this.ignored.push(path);
  }

  get failed(): boolean {
    return this.problems.some((problem) => problem.severity === 'error');
  }

  /** In the order of the file. */
  sorted(): ContractProblem[] {
    return [...this.problems].sort((a, b) => a.line - b.line || (a.column ?? 0) - (b.column ?? 0));
  }
}

/** One line for people: `contracts/trips.odcs.yaml:41 schema[trips].properties[fare]: … (found …). Fix: …`. */
export function formatProblem(problem: ContractProblem): string {
  const found = problem.value === '' ? '' : ` (found ${problem.value})`;
  const level = problem.severity === 'warning' ? 'warning: ' : '';
  const place = problem.path === '' ? '' : `${problem.path}: `;
  return `${problem.file}:${problem.line} ${level}${place}${problem.message}${found}. Fix: ${problem.fix}`;
}

function shorten(text: string): string {
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}
