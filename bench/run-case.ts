/** What one measured process prints as its last line. */
export interface Measured {
  readonly seconds: number;
  /** User and system time of the process while the work ran, all threads together. */
  readonly cpuSeconds: number;
  readonly bytes: number;
  readonly rows?: number;
  /** The kernel's high-water mark of the process, in bytes. */
  readonly peakBytes: number;
}

/**
 * Runs one side of a case in this process: start-up is not measured, the work is; a case that prepares something gives its own `seconds`.
 *
 * @param startUp what the program has done before the work, in all cases
 */
export async function runCase(
  cases: Readonly<Record<string, () => Promise<{ bytes: number; rows?: number; seconds?: number }>>>, startUp?: () => Promise<void>,
): Promise<void> {
  const name = process.argv[2] ?? '';
  const work = cases[name];
  if (work === undefined) throw new Error(`case must be one of ${Object.keys(cases).join(', ')}, got ${JSON.stringify(name)}`);
  await startUp?.();
  const began = performance.now();
  const before = process.cpuUsage();
  const result = await work();
  const { user, system } = process.cpuUsage(before);
  const seconds = (performance.now() - began) / 1000;
  const measured: Measured = { seconds, ...result, cpuSeconds: (user + system) / 1e6, peakBytes: process.resourceUsage().maxRSS * 1024 };
  process.stdout.write(`${JSON.stringify(measured)}\n`, () => process.exit(0));
}

export function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is missing; npm run bench sets it`);
  return value;
}
