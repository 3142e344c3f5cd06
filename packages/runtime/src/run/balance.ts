import { PipelineError } from '../errors/pipeline-error';

/** One side of a count equation: named terms that are added up. */
export type Terms = Readonly<Record<string, number | 'unknown'>>;

/** Counts at one hop, where what went in must equal what came out. */
export interface Balance {
  /** Where: `raw to rows of trips`. */
  readonly hop: string;
  readonly in: Terms;
  readonly out: Terms;
  /** @default 'records' */
  readonly unit?: 'records' | 'bytes';
}

/**
 * Checks that both sides add up to the same number.
 *
 * @returns 'balanced', or 'unknown' when a term is: that is never a green tick.
 * Throws PipelineError `BALANCE` that names the hop, every term and the remainder.
 */
export function checkBalance(balance: Balance): 'balanced' | 'unknown' {
  const terms = [...Object.entries(balance.in), ...Object.entries(balance.out)];
  for (const [name, value] of terms) {
    if (value === 'unknown') return 'unknown';
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new PipelineError('BALANCE', `${balance.hop}: ${name} must be a whole number from 0, got ${JSON.stringify(value)}`, { facts: { ...balance } });
    }
  }
  const remainder = sum(balance.in) - sum(balance.out);
  if (remainder === 0) return 'balanced';
  const unit = balance.unit ?? 'records';
  throw new PipelineError(
    'BALANCE',
    `${balance.hop}: counts do not balance, ${side(balance.in)} against ${side(balance.out)}: `
      + `${Math.abs(remainder)} ${unit} ${remainder > 0 ? 'missing' : 'too many'}; nothing was published`,
    { facts: { hop: balance.hop, in: balance.in, out: balance.out, remainder, unit } },
  );
}

function sum(terms: Terms): number {
  return Object.values(terms).reduce<number>((total, value) => total + (value as number), 0);
}

function side(terms: Terms): string {
  return Object.entries(terms).map(([name, value]) => `${name} ${value}`).join(' + ');
}
