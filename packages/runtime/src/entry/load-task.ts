import { handOff } from '../load/dms/hand-off';
import { prepare } from '../load/dms/prepare';
import { sweepHandOff } from '../load/dms/sweep-hand-off';
import { parseLoadSettings } from '../load/settings';
import { claim } from '../load/steps/claim';
import { publish } from '../load/steps/publish';
import { stageItem } from '../load/steps/stage-item';
import { secretsManagerCredentials } from '../load/target/credentials';
import { runTask } from '../run/task';

const deps = { credentials: secretsManagerCredentials() };

/**
 * The container of the load stage: `claim`, then `stage` for each item, then `publish`.
 *
 * With DMS in place of `stage`: for each replication task `prepare`, then `handOff` for each item; `sweep` where a load failed.
 */
void runTask({
  parseSettings: parseLoadSettings,
  steps: {
    claim: { run: (call) => claim(call, deps), plan: false, items: false },
    stage: (call) => stageItem(call, deps),
    prepare: { run: (call) => prepare(call, deps), items: false },
    handOff: { run: handOff, items: false },
    sweep: { run: (call) => sweepHandOff(call, deps), items: false, resume: false },
    publish: { run: (call) => publish(call, deps), items: false },
  },
});
