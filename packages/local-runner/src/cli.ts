#!/usr/bin/env node
// Said once by the SDK to whoever runs it: nothing that a user of this command can act on.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

import { runCli } from './commands/program';

void runCli(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
