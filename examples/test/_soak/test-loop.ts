import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LoopOptions, SoakFailure, type SoakLoop } from './soak-loop';

const ROOT = join(__dirname, '../../..');

/** A part of what jest writes with `--json`. */
interface JestReport {
  readonly testResults: ReadonlyArray<{
    readonly message: string;
    readonly assertionResults: ReadonlyArray<{ readonly title: string; readonly status: string }>;
  }>;
}

export interface TestLoop {
  readonly name: string;
  readonly what: string;
  /** A regular expression of the paths of the tests, below packages/runtime/test. */
  readonly tests: string;
  /** Variables that make the tests of `npm test` try everything, or more. */
  readonly environment: (options: Pick<LoopOptions, 'seeds' | 'seed'>) => Readonly<Record<string, string>>;
}

/** Tests of which `npm test` runs a sample, with all that they can try. */
export function testLoop({ name, what, tests, environment }: TestLoop): SoakLoop {
  return {
    name, what,
    run: async ({ seeds, seed, hasTime, say }) => {
      const directory = await mkdtemp(join(tmpdir(), 'headrace-soak-'));
      const output = join(directory, 'report.json');
      const child = spawn(process.execPath, [
        join(ROOT, 'node_modules/jest/bin/jest.js'), '-c', 'packages/runtime/jest.config.json', '-w', '1', '--testTimeout', String(ONE_TEST_MS), '--json', '--outputFile', output, `packages/runtime/test/${tests}`,
      ], { cwd: ROOT, env: { ...process.env, ...environment({ seeds, seed }) }, stdio: 'ignore', detached: true });
      // With all that tests have started, such as Java.
      const kill = () => endGroup(child.pid);
      process.once('exit', kill);
      const began = Date.now();
      let told = began;
      // Nothing is known of a run that is cut off, and it says so.
      const watch = setInterval(() => {
        if (!hasTime()) kill();
        if (Date.now() - told < TELLS_EVERY_MS) return;
        told = Date.now();
        say(`runs for ${Math.round((told - began) / 60_000)} min`);
      }, 1_000);
      try {
        await once(child, 'exit');
        if (child.signalCode !== null) return { cases: 0, covered: 'nothing: the time is over', complete: false };
        const report = JSON.parse(await readFile(output, 'utf8')) as JestReport;
        const cases = report.testResults.flatMap(({ assertionResults }) => assertionResults);
        const failed = cases.filter(({ status }) => status === 'failed').map(({ title }) => title);
        const broken = report.testResults.find(({ message }) => message !== '');
        if (broken !== undefined) {
          say(broken.message);
          throw new SoakFailure(failed.slice(0, 5).join('; ') || broken.message.slice(0, 200), `--only ${name}${seed === undefined ? '' : ` --seed ${seed}`}`);
        }
        const skipped = cases.filter(({ status }) => status !== 'passed').length;
        return { cases: cases.length - skipped, covered: `${cases.length - skipped} tests${skipped === 0 ? '' : `, ${skipped} skipped`}`, complete: true };
      } finally {
        clearInterval(watch);
        kill();
        process.off('exit', kill);
        await rm(directory, { recursive: true, force: true });
      }
    },
  };
}

/** Ends a process and what it has started, whatever is still there. */
function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch { /* all of it has ended */ }
}

const TELLS_EVERY_MS = 60_000;
/** Long, because a property may draw for as long as it is asked to. */
const ONE_TEST_MS = 3_600_000;
