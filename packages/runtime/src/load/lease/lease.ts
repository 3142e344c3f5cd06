import { parseAttemptId } from '../../run/ids';

/** Who asks for the lease of a table. Attempts of one slot are one run: each takes it from the one before. */
export interface LeaseClaimant {
  readonly pipeline: string;
  readonly slot: string;
  readonly attemptId: string;
}

/** Who loads into a table. */
export interface LeaseHolder extends LeaseClaimant {
  /** ISO 8601. */
  readonly since: string;
}

/**
 * How long a holder that is heard of no more keeps others away: longer than a task takes from its order to its first word, with the tries of the
 * machine. The server's clock counts, so nobody's own matters.
 */
export const LEASE_SECONDS = 600;

/** How often a task that works says so. */
export const RENEW_SECONDS = 60;

/** The number by which earlier attempts of a slot are told from later ones. */
export function attemptOf(attemptId: string): number {
  return parseAttemptId(attemptId)?.attempt ?? 0;
}
