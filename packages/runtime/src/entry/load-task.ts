import { parseLoadSettings } from '../load/settings';
import { claim } from '../load/steps/claim';
import { publish } from '../load/steps/publish';
import { stagePart } from '../load/steps/stage-part';
import { secretsManagerCredentials } from '../load/target/credentials';
import { runTask } from '../run/task';

const deps = { credentials: secretsManagerCredentials() };

/** The container of the load stage: `claim`, then `stage` for each part, then `publish`. */
void runTask({
  parseSettings: parseLoadSettings,
  steps: {
    claim: { run: (call) => claim(call, deps), plan: false, items: false },
    stage: (call) => stagePart(call, deps),
    publish: { run: (call) => publish(call, deps), items: false },
  },
});
