import { spawn } from 'node:child_process';
import * as path from 'node:path';
import { text } from 'node:stream/consumers';

/** What a function answered, and the most memory that its process held. */
export interface FunctionAnswer<T> { readonly value: T; readonly peakMiB: number; readonly bytes: number }

const PROGRAM = `
(async () => {
  const [file] = process.argv.slice(1);
  // The high-water mark of resourceUsage() would be that of whoever started the process.
  const peak = () => Number(/^VmHWM:\\s+(\\d+) kB/m.exec(require('node:fs').readFileSync('/proc/self/status', 'utf8'))[1]);
  let event = '';
  for await (const chunk of process.stdin) event += chunk;
  const ends = Date.now() + 300_000;
  const value = await require(file).handler(JSON.parse(event), { getRemainingTimeInMillis: () => ends - Date.now() });
  process.stderr.write(JSON.stringify({ value, peakKiB: peak() }) + '\\n');
})().catch((error) => { process.stderr.write(error.name + ': ' + error.message + '\\n'); process.exitCode = 1; });
`;

/** Calls a function of the ingest package in a process of its own: the bundle that would be deployed, with the heap that Lambda gives it. */
export async function callPacked<T>(
  asset: string, event: unknown, { endpoint, memoryMiB }: { endpoint: string; memoryMiB: number },
): Promise<FunctionAnswer<T>> {
  const folder = path.dirname(require.resolve('@headrace/ingest-construct/package.json'));
  const child = spawn(process.execPath, [...heapOf(memoryMiB), '-e', PROGRAM, path.join(folder, 'assets', asset, 'index.js')], {
    stdio: ['pipe', 'ignore', 'pipe'],
    env: {
      AWS_ENDPOINT_URL_S3: endpoint, AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local',
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    },
  });
  child.stdin.end(JSON.stringify(event));
  const [told, code] = await Promise.all([text(child.stderr), new Promise((resolve) => { child.once('close', resolve); })]);
  const last = told.trim().split('\n').at(-1) ?? '';
  if (code !== 0) throw new Error(`${asset} ended with ${String(code)}: ${told.slice(-2_000)}`);
  const { value, peakKiB } = JSON.parse(last) as { value: T; peakKiB: number };
  return { value, peakMiB: peakKiB / 1_024, bytes: Buffer.byteLength(JSON.stringify(value)) };
}

/** As the runtime of Lambda starts Node.js. */
function heapOf(memoryMiB: number): string[] {
  return [`--max-semi-space-size=${Math.floor(memoryMiB * 0.05)}`, `--max-old-space-size=${Math.floor(memoryMiB * 0.9)}`];
}
