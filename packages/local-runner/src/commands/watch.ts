import { progressLines } from '../progress/progress-lines';
import { LocalStack } from '../stack/local-stack';
import { appAssembly, type AppOptions } from './app-assembly';
import { EXIT, type ExitCode } from './exit-code';
import { stopKeeper } from './keeper';
import { saveWatch } from './watched-stack';
import { until } from './until';

export interface WatchOptions extends AppOptions {
  /** A Python with PySpark. */
  readonly spark?: string;
}

/** `headrace watch`: the deployed app, until a signal; what its rules match starts runs. */
export async function watch(options: WatchOptions): Promise<ExitCode> {
  const { terminal, signal, stateDir } = options;
  await stopKeeper(stateDir);
  const app = await appAssembly(options);
  let stack: LocalStack | undefined;
  try {
    stack = await LocalStack.start({ assemblyDir: app.folder, stateDir, spark: options.spark, onEvent: progressLines(terminal.error) });
    saveWatch(stack.state, stack.clientConfig);
    terminal.out(describe(stack));
    await until(signal);
    return EXIT.done;
  } finally {
    if (stack !== undefined) saveWatch(stack.state, undefined);
    await stack?.close();
    await app.close();
  }
}

function describe(stack: LocalStack): string {
  const buckets = [...stack.bucketsWithEvents];
  const lines = buckets.length === 0
    ? ['no bucket of the app tells of its objects; other events come in by PutEvents']
    : [`objects that arrive here are told of: ${buckets.map((bucket) => `s3://${bucket}`).join(', ')}`, `from another terminal: headrace put <file> s3://${buckets[0]}/<key>`];
  return `${[`endpoint of every service: ${stack.endpoint}`, ...lines, 'Ctrl-C ends'].join('\n')}\n`;
}
