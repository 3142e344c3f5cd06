import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { runJob, type JobOptions } from '../../release/rehearsal/workflow-job';
import type { Step } from '../../release/rehearsal/workflow';

const TAP = { package: '@invented/tap', folder: 'packages/tap', version: '0.1.0', tag: '@invented/tap@0.1.0' };
let cwd: string;
beforeAll(() => { cwd = mkdtempSync(path.join(tmpdir(), 'headrace-job-test-')); });
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const run = (steps: readonly Step[], options: Partial<JobOptions> = {}, env: Record<string, string> = {}) => runJob('build', { env, steps }, { cwd, env: {}, ...options });

test('commands run one after the other in one folder, without the actions between them, and hand on what they write', async () => {
  const steps: object[] = [
    { name: 'Write', run: 'echo one > file' }, { name: 'Fetch', uses: 'actions/download-artifact@0' },
    { name: 'Read', run: 'echo "read=$(cat file)=1" >> "$GITHUB_OUTPUT"\npwd > where' }, { name: 'Last', run: 'echo "js={}" >> "$GITHUB_OUTPUT"' },
  ];
  await expect(run(steps as Step[])).resolves.toEqual({ read: 'one=1', js: '{}' });
});

test('a step that fails ends the job by name, with what it printed, also in the middle of a pipe and of its lines', async () => {
  await expect(run([{ name: 'Publish', run: 'echo before\nfalse | cat\necho after' }, { name: 'Never', run: 'touch never' }], { matrix: TAP }))
    .rejects.toThrow(/^build of @invented\/tap@0\.1\.0: step "Publish" ended with 1\nbefore$/);
  await expect(run([{ name: 'Look', run: 'test ! -e never' }])).resolves.toEqual({});
  await expect(run([{ name: 'Publish', run: 'echo "no rights" >&2; exit 3' }])).rejects.toThrow('build: step "Publish" ended with 3\nno rights');
});

test('of a step that printed much, the end is told', async () => {
  const { message } = await run([{ name: 'Publish', run: 'seq 1 1000; exit 1' }]).then(() => new Error('well'), (error: Error) => error);
  expect(message).toBe(`build: step "Publish" ended with 1\n${Array.from({ length: 60 }, (_, line) => 941 + line).join('\n')}`);
});

test('the matrix is filled in, and secrets and inputs come from the environment alone', async () => {
  const step = {
    name: 'Say', env: { TAG: '${{ matrix.tag }}', SECRET: '${{ secrets.TOKEN }}', OWN: 'of the step' },
    run: 'echo "said=${{ matrix.folder }} $TAG [$SECRET] $OWN $JOB ${GONE-gone}" >> "$GITHUB_OUTPUT"',
  };
  const env = { JOB: 'of the job', GONE: 'of the job' };
  await expect(run([step], { matrix: TAP, env: { GONE: undefined } }, env)).resolves.toEqual({ said: 'packages/tap @invented/tap@0.1.0 [] of the step of the job gone' });
  await expect(run([step], { env: { SECRET: 'known here', TAG: undefined } }, env)).resolves.toEqual({ said: '  [known here] of the step of the job of the job' });
});

test('a step is left out by its name', async () => {
  await expect(run([{ name: 'Install', run: 'exit 1' }, { name: 'Build', run: 'echo built=1 >> "$GITHUB_OUTPUT"' }], { without: ['Install'] })).resolves.toEqual({ built: '1' });
});

test('a step that a condition or a shell of its own would run in another way is refused', async () => {
  const step = { name: 'Publish', run: 'echo said=1 >> "$GITHUB_OUTPUT"', if: '${{ failure() }}', shell: 'sh' } as Step;
  await expect(run([step])).rejects.toThrow('build: step "Publish" has if and shell, which a rehearsal does not understand');
});

test('stopping ends what a step started, at once', async () => {
  const stopping = new AbortController();
  const ended = run([{ name: 'Wait', run: 'sleep 60 & wait; touch went-on' }], { signal: stopping.signal });
  setTimeout(() => stopping.abort(new Error('stopped')), 200);
  await expect(ended).rejects.toThrow('step "Wait" ended with SIGTERM');
  await expect(run([{ name: 'Next', run: 'true' }], { signal: stopping.signal })).rejects.toThrow('stopped');
}, 10_000);
