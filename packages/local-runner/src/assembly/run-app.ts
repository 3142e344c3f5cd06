import { spawn } from 'node:child_process';

export interface RunAppOptions {
  /** Where the assembly goes. */
  readonly outDir: string;
  readonly cwd: string;
  /** Added to this process's environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Context of the CDK, as cdk.json has it. */
  readonly context?: object;
  readonly signal?: AbortSignal;
}

/** Lines of the app's output that are shown when it fails. */
const TAIL_LINES = 200;

/** Characters of it that are kept meanwhile. */
const TAIL_LENGTH = 1 << 16;

/**
 * Synthesizes a CDK app by its command, as `cdk synth` would, without the CLI.
 *
 * Throws an error with the end of the app's output when it fails.
 */
export async function runApp(command: string, options: RunAppOptions): Promise<void> {
  const child = spawn(command, {
    shell: true, cwd: options.cwd, signal: options.signal, stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env, ...options.env,
      // The CDK's own check of the templates takes most of a synthesis, and is for those that are deployed.
      CDK_VALIDATION: 'false',
      CDK_OUTDIR: options.outDir,
      CDK_CONTEXT_JSON: JSON.stringify(options.context ?? {}),
      JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION: '20',
    },
  });
  let said = '';
  const keep = (text: string) => {
    said = (said + text).slice(-TAIL_LENGTH);
  };
  child.stdout.setEncoding('utf8').on('data', keep);
  child.stderr.setEncoding('utf8').on('data', keep);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  if (code !== 0) throw new Error(`the app ended with exit code ${code}: ${command}\n${said.trim().split('\n').slice(-TAIL_LINES).join('\n')}`);
}
