/** Whether the same work may succeed when it is simply tried again. */
export type FailureKind = 'terminal' | 'transient';

/** Who can cure it: the one who wrote contract, settings or data, or the one who runs the machinery. */
export type Fault = 'user' | 'system';

/** What a failure knows about itself beyond its text. Never holds a secret: it is logged and stored. */
export type Facts = Readonly<Record<string, unknown>>;

export interface PipelineErrorOptions {
  /** @default 'terminal' */
  readonly kind?: FailureKind;
  /** @default 'system' */
  readonly fault?: Fault;
  readonly facts?: Facts;
  readonly cause?: unknown;
}

// A registered symbol, because two bundles of this class can meet in one process (tests, the local runner).
const BRAND = Symbol.for('headrace.PipelineError');

/** Longest text of a message or a fact, in UTF-16 units: a state machine holds 32,768 characters of a cause, and 256 KiB of a document. */
const LONGEST_TEXT = 20_000;

const CODE = /^[A-Z][A-Z0-9_]*$/;

/**
 * The one failure that leaves any function of the runtime on purpose.
 *
 * Retry logic reads `kind`, callers read `code`, people read `message`.
 */
export class PipelineError extends Error {
  readonly code: string;
  readonly kind: FailureKind;
  readonly fault: Fault;
  readonly facts: Facts;

  constructor(code: string, message: string, options: PipelineErrorOptions = {}) {
    super(cut(message), options.cause === undefined ? undefined : { cause: options.cause });
    if (!CODE.test(code)) throw new TypeError(`error code must be upper case letters, digits and _, got ${JSON.stringify(code)}`);
    this.name = 'PipelineError';
    this.code = code;
    this.kind = options.kind ?? 'terminal';
    this.fault = options.fault ?? 'system';
    this.facts = Object.freeze(Object.fromEntries(Object.entries(options.facts ?? {}).map(([name, fact]) => [name, typeof fact === 'string' ? cut(fact) : fact])));
    Object.defineProperty(this, BRAND, { value: true });
  }

  /** Tells a PipelineError from anything else, also one that was made by another copy of this class. */
  static is(value: unknown): value is PipelineError {
    return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[BRAND] === true;
  }

  /** Turns anything that was thrown into a PipelineError; what is not one yet is a terminal fault of ours. */
  static from(value: unknown, code = 'UNEXPECTED'): PipelineError {
    if (PipelineError.is(value)) return value;
    const text = value instanceof Error ? `${value.name}: ${value.message}` : String(value);
    return new PipelineError(code, text, { cause: value });
  }

  /** The form that is logged and written beside a failed step. */
  toJSON(): { code: string; kind: FailureKind; fault: Fault; message: string; facts: Facts } {
    return { code: this.code, kind: this.kind, fault: this.fault, message: this.message, facts: this.facts };
  }
}

/** What a source wrote, its names above all, may be of any length. */
function cut(text: string): string {
  return text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT).replace(/[\ud800-\udbff]$/, '')}… (${text.length} characters in all)`;
}

/** A failure that the author of contract, settings or data can cure. */
export function userError(code: string, message: string, facts?: Facts, cause?: unknown): PipelineError {
  return new PipelineError(code, message, { kind: 'terminal', fault: 'user', facts, cause });
}

/** A failure that may pass by itself: time-outs, throttling, lost connections. */
export function transientError(code: string, message: string, facts?: Facts, cause?: unknown): PipelineError {
  return new PipelineError(code, message, { kind: 'transient', fault: 'system', facts, cause });
}
