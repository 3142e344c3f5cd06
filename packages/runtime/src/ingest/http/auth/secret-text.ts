import { userError } from '../../../errors/pipeline-error';
import type { Report } from '../../../report/report';
import type { ReadSecret } from '../../../stores/read-secret';

/** The text of one secret, read once and again when it no longer serves. */
export class SecretText {
  private text?: Promise<string>;

  constructor(private readonly secretArn: string, private readonly deps: { readonly secret: ReadSecret; readonly report: Report }) {}

  async read(signal: AbortSignal): Promise<string> {
    this.text ??= this.fetch(signal);
    try {
      return await this.text;
    } catch (error) {
      // A failure is not kept: the next try may succeed.
      this.text = undefined;
      throw error;
    }
  }

  /** Reads it anew; whether it changed. */
  async renew(signal: AbortSignal): Promise<boolean> {
    const before = await this.read(signal);
    this.text = undefined;
    return await this.read(signal) !== before;
  }

  private async fetch(signal: AbortSignal): Promise<string> {
    const text = await this.deps.secret(this.secretArn, { code: 'SOURCE_SECRET', signal });
    this.deps.report.protect(text);
    return text;
  }
}

/**
 * Values out of a secret's text: of a field of its JSON, or the text itself for a name that is undefined.
 *
 * What is wrong is said without the text: even the words of a JSON parser repeat some of it.
 */
export function fieldsOf(text: string, secretArn: string, names: ReadonlyArray<string | undefined>): string[] {
  return names.map((name) => {
    const value = name === undefined ? text : objectOf(text)?.[name];
    const about = name === undefined ? `the secret ${secretArn}` : `the field ${name} of the secret ${secretArn}`;
    if (typeof value !== 'string' || value === '') {
      const must = name === undefined ? 'must hold text' : 'must be text in a JSON object';
      throw userError('SOURCE_SECRET', `${about} ${must}, and there is none; store it, or name another field in the source's auth`, { secretArn, field: name });
    }
    return value;
  });
}

/** A value that goes into a header must be one line of it. */
export function headerValue(value: string, secretArn: string): string {
  if (/^[\x20-\x7e\x80-\xff]*$/.test(value)) return value;
  throw userError('SOURCE_SECRET', `the secret ${secretArn} holds a line break or another character that no header can carry; store it without, also at its end`, { secretArn });
}

function objectOf(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
