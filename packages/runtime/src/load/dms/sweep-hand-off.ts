import { PipelineError } from '../../errors/pipeline-error';
import type { StepCall } from '../../run/task';
import type { LoadPlan } from '../load-plan';
import type { LoadSettings } from '../settings';
import type { ReadCredentials } from '../target/credentials';
import { accessOf } from '../target/target-database';
import { targetOf } from '../target/target-of';
import { emptyHandOff } from './hand-off-folder';
import { requireDms } from './prepare';

/**
 * Removes the files of the hand-off, when a load was published or has failed.
 *
 * Not those of a newer attempt: whoever lost an epoch leaves the folder alone. Files that stay are no failure, since the next load empties the
 * folder before it begins, and the bucket lets them expire.
 */
export async function sweepHandOff(call: StepCall<LoadSettings, LoadPlan>, deps: { readonly credentials: ReadCredentials }): Promise<object> {
  const { settings, plan, store, signal, report } = call;
  const dms = requireDms(settings);
  try {
    await targetOf(settings.target).withSession(accessOf(call, deps.credentials), 'sweep', async (session) => {
      for (const unit of plan.units) await session.requireEpoch(settings.ledgerSchema, unit.target, BigInt(unit.epoch), 'none');
    });
    const files = await emptyHandOff(store, dms, { signal });
    if (files > 0) report.say('LOAD_I1406', { files });
    return { files };
  } catch (error) {
    report.say('LOAD_W1407', { reason: PipelineError.from(error).message });
    return { files: 0 };
  }
}
