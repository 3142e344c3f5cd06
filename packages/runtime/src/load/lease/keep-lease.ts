import { PipelineError } from '../../errors/pipeline-error';
import { attemptId } from '../../run/ids';
import type { LoadPlan } from '../load-plan';
import type { LoadSettings } from '../settings';
import type { TargetAccess, TargetSession } from '../target/target-database';
import { targetOf } from '../target/target-of';
import { RENEW_SECONDS, type LeaseClaimant } from './lease';

interface Lease {
  readonly settings: Pick<LoadSettings, 'ledgerSchema'>;
  /** Whose leases, by what Claim or the plan says. */
  readonly plan: Pick<LoadPlan, 'pipeline' | 'slot' | 'attempt'>;
  readonly access: TargetAccess;
}

/**
 * Keeps the leases of this attempt while `work` runs, in short sessions of their own: the ones that work are busy. A lease that cannot be renewed is
 * no failure, for it only saves work.
 */
export async function keepLease<T>(lease: Lease, work: () => Promise<T>): Promise<T> {
  let pending: Promise<void> | undefined;
  const renew = (): void => {
    pending ??= withLease(lease, 'lease', (session, by) => session.renewLease(lease.settings.ledgerSchema, by)).catch(() => undefined).then(() => { pending = undefined; });
  };
  const timer = setInterval(renew, RENEW_SECONDS * 1_000);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    await pending;
  }
}

/**
 * Gives the leases of this attempt back when its work is over: it ended, or failed in a way that trying again does not mend. One that
 * ended well gives back those of earlier attempts of its slot too: it has not taken over the tables that one of them had finished
 * before it died.
 */
export async function releaseLease(lease: Lease, failure?: unknown): Promise<void> {
  if (failure !== undefined && !(PipelineError.is(failure) && failure.kind === 'terminal')) return;
  // What is left expires.
  const earlier = failure === undefined;
  await withLease(lease, 'release', (session, by) => session.releaseLease(lease.settings.ledgerSchema, by, earlier)).catch(() => undefined);
}

function withLease(
  { plan, access }: Lease, purpose: string, use: (session: TargetSession, by: LeaseClaimant) => Promise<void>,
): Promise<void> {
  const by = { pipeline: plan.pipeline, slot: plan.slot, attemptId: attemptId(plan.slot, plan.attempt) };
  return targetOf(access.target).withSession(access, purpose, (session) => use(session, by));
}
