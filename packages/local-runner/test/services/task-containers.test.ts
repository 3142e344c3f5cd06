import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { LocalLogs } from '../../src/services/cloudwatch-logs';
import { containerSecrets } from '../../src/services/container-secrets';
import { type ContainerEnd, runContainers } from '../../src/services/task-containers';
import { dismissGuard } from '../../src/exec/child-guard';
import type { Container } from '../../src/stack/deployment';

describe('the containers of a task', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'headrace-task-'));
  const logs = new LocalLogs();
  afterAll(() => {
    dismissGuard();
    rmSync(folder, { recursive: true, force: true });
  });

  const container = (name: string, command: string, more: Partial<Container> = {}): Container => ({
    name, image: '', command: [command], environment: {}, essential: true, dependsOn: [], mounts: [], secrets: [],
    logOptions: { 'awslogs-group': 'group', 'awslogs-stream-prefix': 'pre' }, ...more,
  });
  const volume = { mounts: [{ volume: 'out', containerPath: '/srv/out' }], environment: { OUT: '/srv/out/part', WORD: '/srv/outer' } };

  let tasks = 0;
  async function run(containers: Container[]): Promise<Record<string, Pick<ContainerEnd, 'exitCode'>>> {
    tasks += 1;
    const task = `task${tasks}`;
    mkdirSync(path.join(folder, 'logs'), { recursive: true });
    const deployment: any = {
      logs, pidFolder: path.join(folder, 'pids'), childEnvironment: () => ({ PATH: process.env.PATH ?? '', LOCAL: '/srv/out/of-this-machine' }),
      containerCommand: ({ command }: Container) => ({ file: '/bin/sh', args: ['-c', command![0]], workingDirectory: folder, environment: {} }),
    };
    const scope: any = {
      scratchFolder: (name: string) => path.join(folder, name),
      removeScratch: (name: string) => rmSync(path.join(folder, name), { recursive: true, force: true }),
      logFile: (name: string) => path.join(folder, 'logs', `${name}.log`), childStarted: () => undefined, childEnded: () => undefined, childLine: () => undefined,
    };
    const ends = await runContainers(deployment, scope, {
      definition: { arn: 'arn', cpu: '256', memoryMiB: 512, containers }, overrides: [], cpu: 512, memoryMiB: 2048, cluster: 'c', taskArn: `arn:aws:ecs:us-east-1:0:task/x/${task}`,
      state: 'Pull', task, signal: new AbortController().signal, secrets: new Map(),
    });
    return Object.fromEntries(ends.map(({ name, exitCode }) => [name, { exitCode }]));
  }
  const log = (name: string) => readFileSync(path.join(folder, 'logs', `task${tasks}${name}.log`), 'utf8');

  test('run in the order of their dependencies, and share a volume by the path in their environment', async () => {
    const ends = await run([
      container('task', 'cat "$OUT"; echo "$WORD"; echo "$LOCAL"', { dependsOn: [{ container: 'source', condition: 'COMPLETE' }], ...volume }),
      container('source', 'echo made > "$OUT"; exit 7', { essential: false, ...volume }),
    ]);
    expect(ends).toEqual({ task: { exitCode: 0 }, source: { exitCode: 7 } });
    expect(log('')).toBe('made\n/srv/outer\n/srv/out/of-this-machine\n');
  });

  test('never start after a failure of what they need to succeed', async () => {
    expect(await run([
      container('task', 'echo ran', { dependsOn: [{ container: 'source', condition: 'SUCCESS' }] }), container('source', 'exit 3', { essential: false }),
    ])).toEqual({ task: { exitCode: 143 }, source: { exitCode: 3 } });
  });

  test('end with the first essential one', async () => {
    expect(await run([container('task', 'exit 0'), container('beside', 'exec tail -f /dev/null', { essential: false })])).toEqual({ task: { exitCode: 0 }, beside: { exitCode: 143 } });
  });

  test('learn from the metadata endpoint how large their task is, how another one ended, and where its log is', async () => {
    await run([
      container('task', `exec ${process.execPath} -e 'fetch(process.env.ECS_CONTAINER_METADATA_URI_V4 + "/task").then((a) => a.text()).then(console.log)'`, { dependsOn: [{ container: 'source', condition: 'COMPLETE' }] }),
      container('source', 'echo said; exit 9', { essential: false }),
    ]);
    const { Containers, Limits } = JSON.parse(log(''));
    expect(Limits).toEqual({ CPU: 0.5, Memory: 2048 });
    expect(Containers[1]).toEqual({
      Name: 'source', KnownStatus: 'STOPPED', ExitCode: 9, LogDriver: 'awslogs',
      LogOptions: { 'awslogs-group': 'group', 'awslogs-stream-prefix': 'pre', 'awslogs-stream': `pre/source/task${tasks}` },
    });
    expect(logs.lines('group', Containers[1].LogOptions['awslogs-stream'])).toEqual(['said']);
  });
});

describe('secrets of a container', () => {
  const arn = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:login-abc123';
  const withSecret = (ValueFrom: string): Container => ({ name: 'source', image: '', environment: {}, essential: true, dependsOn: [], mounts: [], secrets: [{ Name: 'PASSWORD', ValueFrom }] });
  const access = (allowed: boolean): any => ({ check: () => ({ allowed, reason: 'role x may not' }) });
  const secretValue = (which: string, key: string) => `${which === arn ? 'login' : which}/${key}`;

  test.each([[arn, 'login/'], [`${arn}:password::`, 'login/password']])('%s is read by its ARN and key', (from, value) => {
    expect(containerSecrets(withSecret(from), 'role', { access: access(true), secretValue })).toEqual({ PASSWORD: value });
  });

  test('are refused by name to an execution role that may not read them', () => {
    expect(() => containerSecrets(withSecret(arn), 'role', { access: access(false), secretValue })).toThrow(/TaskFailedToStart.*unable to pull secrets.*role x may not/);
  });

  test('from elsewhere are refused with what to use', () => {
    expect(() => containerSecrets(withSecret('arn:aws:ssm:us-east-1:0:parameter/x'), 'role', { access: access(true), secretValue })).toThrow(/use ecs\.Secret\.fromSecretsManager/);
  });
});
