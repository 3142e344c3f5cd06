import type { IConstruct } from 'constructs';

/**
 * Collects everything that is wrong with the props of one construct and throws once.
 *
 * A plain Error on purpose: only its text crosses the language boundary, and the error classes of aws-cdk-lib have
 * changed their signatures inside our peer range.
 */
export class Problems {
  private readonly lines: string[] = [];

  constructor(private readonly scope: IConstruct, private readonly code: string) {}

  /** `text` names the prop, the rule, the value and the fix: lower case, no full stop. */
  add(text: string): void {
    this.lines.push(text);
  }

  throwIfAny(): void {
    if (this.lines.length === 0) return;
    throw new Error(`${this.scope.node.path}: ${this.lines.join('; ')} [${this.code}]`);
  }
}

/** Throws at once, for what makes every further check pointless. */
export function fail(scope: IConstruct, code: string, text: string): never {
  throw new Error(`${scope.node.path}: ${text} [${code}]`);
}
