import { parseLoadSettings } from '../load/settings';
import { claim } from '../load/steps/claim';
import { publish } from '../load/steps/publish';
import { stageItem } from '../load/steps/stage-item';
import { secretsManagerCredentials } from '../load/target/credentials';
import { runTask } from '../run/task';

const deps = { credentials: secretsManagerCredentials() };

/** The container of the load stage: `claim`, then `stage` for each item, then `publish`. */
void runTask({
  parseSettings: parseLoadSettings,
  steps: {
    claim: { run: (call) => claim(call, deps), plan: false, items: false },
    stage: (call) => stageItem(call, deps),
    publish: { run: (call) => publish(call, deps), items: false },
  },
});
