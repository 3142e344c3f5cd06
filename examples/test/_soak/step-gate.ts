/** On which side of a step a trap springs: before it is applied, or when it is applied and its answer is still on the way. */
export type Side = 'before' | 'after';

/** One I/O step of a child: a request to an AWS endpoint, or a message that makes the database do something. */
export interface Step {
  /** From 1, since the trap was set. */
  readonly number: number;
  readonly what: string;
}

export interface Trap {
  readonly step: number;
  readonly side: Side;
  /** What happens; `drop` ends the connection of the step without an answer, `pass` lets it go on. */
  readonly spring: (step: Step) => Promise<'drop' | 'pass'>;
}

/** Counts the I/O steps of all children in the order in which they arrive, and springs one trap at one of them. */
export class StepGate {
  private count = 0;
  private readonly names: string[] = [];
  private trap: Trap | undefined;
  /** Where the last trap sprang; undefined while it has not. */
  sprung: Step | undefined;

  /** Steps since the trap was set. */
  get steps(): number {
    return this.count;
  }

  /** The first step of each kind since the trap was set, none of which was skipped: steps are of a kind that differ in numbers and ids only. */
  get firstOfEachKind(): number[] {
    const kinds = this.names.map((name) => name.replace(/[0-9a-f]{6,}|\d+/g, '#'));
    return [...new Set(kinds)].map((kind) => kinds.indexOf(kind) + 1);
  }

  /** Counts from 1 again. Without a trap, everything passes. */
  set(trap?: Trap): void {
    this.count = 0;
    this.names.length = 0;
    this.trap = trap;
    this.sprung = undefined;
  }

  /** Where the trap waits; undefined while there is none, or when it has sprung. */
  get awaited(): number | undefined {
    return this.trap?.step;
  }

  /** Counts steps that are made without going by here. */
  skip(steps: number): void {
    this.count += steps;
  }

  arrive(what: string): Step {
    this.count += 1;
    this.names.push(what);
    return { number: this.count, what };
  }

  /** Whether the trap waits on this side of this step. */
  waits(step: Step, side: Side): boolean {
    return this.trap?.step === step.number && this.trap.side === side;
  }

  /** @returns whether the step may go on */
  async pass(step: Step, side: Side): Promise<boolean> {
    if (!this.waits(step, side)) return true;
    const { spring } = this.trap as Trap;
    this.trap = undefined;
    this.sprung = step;
    return await spring(step) === 'pass';
  }
}
