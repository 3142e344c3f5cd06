import { mkdtempSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import { requireDone } from '../../../src/ingest/container/container-end';
import { containerFiles } from '../../../src/ingest/container/container-files';
import { parseOutDocument } from '../../../src/ingest/container/out-document';
import { pull } from '../../../src/ingest/pull';
import { readItem } from '../../../src/run/work';
import { Report } from '../../../src/report/report';
import { BUCKET, contractText, IngestStage } from '../../_fixtures/ingest-stage';

const quiet = new Report({ write: () => undefined });
const { signal } = new AbortController();

describe('a container source', () => {
  let stage: IngestStage;
  let out: string;
  let endpoint: Server;
  let exitCode: number | undefined;

  beforeEach(async () => {
    exitCode = 0;
    out = mkdtempSync(path.join(os.tmpdir(), 'headrace-out-'));
    stage = await IngestStage.start({ trips: { kind: 'container', shards: [{ region: 'eu' }] } });
    endpoint = createServer((_, response) => response.end(JSON.stringify({ Containers: [{ Name: 'source', KnownStatus: 'STOPPED', ExitCode: exitCode }] })));
    await new Promise<void>((resolve) => { endpoint.listen(0, '127.0.0.1', resolve); });
    process.env.ECS_CONTAINER_METADATA_URI_V4 = `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}/v4`;
  });
  afterEach(async () => {
    delete process.env.ECS_CONTAINER_METADATA_URI_V4;
    endpoint.closeAllConnections();
    await new Promise((resolve) => { endpoint.close(resolve); });
    await stage.close();
    rmSync(out, { recursive: true });
  });

  const write = (name: string, text: string): void => writeFileSync(path.join(out, name), text);
  const items = async ({ items: list }: { items: { bucket: string; key: string; count: number } }): Promise<any[]> => (
    Promise.all(Array.from({ length: list.count }, (_, index) => readItem(stage.store, list, index)))
  );

  /** Plan, every task with the files that are there, Commit. */
  async function run(slot: string, attempt?: number) {
    const plan = await stage.plan(slot, attempt);
    for (const item of await items(plan)) {
      const result = await pull(item, { store: stage.store, report: quiet, signal, filesFolder: out });
      await stage.store.putJson({ bucket: BUCKET, key: plan.plan.key.replace('plan.json', `pull/${item.index}.json`) }, {
        schemaVersion: 1, step: 'pull', index: item.index, peakMemoryBytes: 1, timing: { startedAt: '2026-01-01T00:00:00Z', endedAt: '2026-01-01T00:00:01Z' }, ...result,
      });
    }
    return stage.commit(slot, attempt);
  }

  test('lands each file as a part, with what the container told of it', async () => {
    write('b.csv', 'id,note\n3,c\n');
    write('a.csv', 'id,note\n1,a\n2,b\n');
    write('.headrace.json', JSON.stringify({ cursor: { to: 'x2' }, files: { 'a.csv': { records: 2, etag: '"v1"' } } }));

    expect((await run('s1')).datasets.trips).toMatchObject({ outcome: 'committed', counts: { parts: 2, records: 3 } });

    const [commit] = stage.log('trips');
    expect(commit.cursor).toEqual({ to: 'x2' });
    expect(commit.parts.map(({ source }: any) => source)).toEqual([
      { url: 'container:trips?region=eu#a.csv', identity: { etag: '"v1"' } }, { url: 'container:trips?region=eu#b.csv', identity: {} },
    ]);
    expect(commit.parts.map(({ key }: any) => stage.s3.text(BUCKET, key))).toEqual(['id,note\n1,a\n2,b\n', 'id,note\n3,c\n']);
    expect(commit.parts[0].key).toMatch(/^demo\/raw\/trips\/s1\/a1\/00000-00000-[0-9a-f]{8}-a\.csv$/);
  });

  test('is told what to read, and where the last commit ended', async () => {
    write('a.csv', 'id,note\n1,a\n');
    write('.headrace.json', '{"cursor": {"to": "x2"}}');
    await run('s1');

    const [item] = await items(await stage.plan('s2', 3));
    expect(item.shards[0].read).toEqual({
      schemaVersion: 1, dataset: 'trips', slot: 's2', attempt: 3, operation: 'ingest', cursor: { from: 'x2' },
      shard: { index: 0, count: 1 }, parameters: { region: 'eu' }, last: { seq: 1, slot: 's1' },
    });
  });

  test('that tells no cursor leaves it where it was', async () => {
    write('a.csv', 'id,note\n1,a\n');
    write('.headrace.json', '{"cursor": {"to": "x2"}}');
    await run('s1');
    write('.headrace.json', '{}');
    await run('s2');
    expect(stage.log('trips')[1].cursor).toEqual({ from: 'x2', to: 'x2' });
  });

  test('is unchanged when it says so', async () => {
    write('.headrace.json', '{"unchanged": true}');
    expect((await run('s1')).datasets.trips).toEqual({ outcome: 'unchanged', counts: {} });
  });

  test('that was run again after a kill never mixes with what the first try landed', async () => {
    write('a.csv', 'id,note\n1,first\n');
    const plan = await stage.plan('s1');
    const [item] = await items(plan);
    await pull(item, { store: stage.store, report: quiet, signal, filesFolder: out });
    write('a.csv', 'id,note\n1,second\n');
    await run('s1');
    const [commit] = stage.log('trips');
    expect(commit.parts.map(({ key }: any) => stage.s3.text(BUCKET, key))).toEqual(['id,note\n1,second\n']);
    expect(stage.s3.keys(BUCKET, 'demo/raw/')).toHaveLength(2);
  });

  describe('the next attempt', () => {
    beforeEach(async () => {
      await stage.close();
      stage = await IngestStage.start({ trips: { kind: 'container', shards: [{ region: 'eu' }, { region: 'us' }] } });
    });

    /** Plan, and the first task only; the second never ends. */
    async function failAttempt(): Promise<void> {
      const plan = await stage.plan('s1');
      const [item] = await items(plan);
      const result = await pull(item, { store: stage.store, report: quiet, signal, filesFolder: out });
      await stage.store.putJson({ bucket: BUCKET, key: plan.plan.key.replace('plan.json', 'pull/0.json') }, {
        schemaVersion: 1, step: 'pull', index: 0, peakMemoryBytes: 1, timing: { startedAt: '2026-01-01T00:00:00Z', endedAt: '2026-01-01T00:00:01Z' }, ...result,
      });
    }

    test('runs the container only for the shards that are missing', async () => {
      write('a.csv', 'id,note\n1,first\n');
      await failAttempt();
      write('a.csv', 'id,note\n1,second\n');
      const output = await run('s1', 2);
      expect(output.datasets.trips).toMatchObject({ outcome: 'committed', counts: { parts: 2, takenOver: 1 } });
      expect((await items(await stage.plan('s1', 2))).map(({ shards }) => shards[0].read.parameters)).toEqual([{ region: 'us' }]);
      const [commit] = stage.log('trips');
      expect(commit.parts.map(({ key }: any) => stage.s3.text(BUCKET, key))).toEqual(['id,note\n1,first\n', 'id,note\n1,second\n']);
    });

    test('runs all of them where a shard told a cursor, which is that of the whole batch', async () => {
      write('a.csv', 'id,note\n1,first\n');
      write('.headrace.json', '{"cursor": {"to": "x1"}}');
      await failAttempt();
      write('a.csv', 'id,note\n1,second\n');
      write('.headrace.json', '{"cursor": {"to": "x2"}}');
      expect((await run('s1', 2)).datasets.trips?.counts.takenOver).toBeUndefined();
      const [commit] = stage.log('trips');
      expect(commit.cursor).toEqual({ to: 'x2' });
      expect(commit.parts.map(({ key }: any) => stage.s3.text(BUCKET, key))).toEqual(['id,note\n1,second\n', 'id,note\n1,second\n']);
    });
  });

  test('fails when fewer records land than it told', async () => {
    write('a.csv', 'id,note\n1,a\n');
    write('.headrace.json', '{"files": {"a.csv": {"records": 2}}}');
    await expect(run('s1')).rejects.toMatchObject({ code: 'BALANCE' });
    expect(stage.log('trips')).toEqual([]);
  });

  test('fails when its bytes are not those of the digest that it told', async () => {
    write('a.csv', 'id,note\n1,a\n');
    write('.headrace.json', JSON.stringify({ files: { 'a.csv': { sha256: '0'.repeat(64) } } }));
    await expect(run('s1')).rejects.toMatchObject({ code: 'SOURCE_DIGEST' });
    expect(stage.s3.keys(BUCKET, 'demo/raw/')).toEqual([]);
  });

  test('of a snapshot fails when only some shards say that nothing changed', async () => {
    await stage.close();
    stage = await IngestStage.start({ trips: { kind: 'container', shards: [{ region: 'eu' }, { region: 'us' }] } }, contractText(['trips']).replace('    properties:', '      - property: headraceHistory\n        value: snapshot\n    properties:'));
    const plan = await stage.plan('s1');
    const [eu, us] = await items(plan);
    const results: any[] = [];
    write('a.csv', 'id,note\n1,a\n');
    results.push(await pull(eu, { store: stage.store, report: quiet, signal, filesFolder: out }));
    rmSync(path.join(out, 'a.csv'));
    write('.headrace.json', '{"unchanged": true}');
    results.push(await pull(us, { store: stage.store, report: quiet, signal, filesFolder: out }));
    for (const [index, result] of results.entries()) {
      await stage.store.putJson({ bucket: BUCKET, key: plan.plan.key.replace('plan.json', `pull/${index}.json`) }, { timing: { startedAt: '', endedAt: '' }, peakMemoryBytes: 1, ...result });
    }
    await expect(stage.commit('s1')).rejects.toMatchObject({ code: 'SNAPSHOT_PARTIAL' });
  });

  test.each([
    [3, 'terminal', /exit code 3; its last lines:\nno such table: orders$/],
    [75, 'transient', /exit code 75/],
    [137, 'terminal', /exit code 137, killed, .*raise taskMemory of the source/],
  ])('fails with the exit code %i of its container, and quotes what it said', async (code, kind, message) => {
    exitCode = code;
    await expect(requireDone({ signal, report: quiet, readLines: async () => ['no such table: orders'], ...log(code) })).rejects.toMatchObject({ code: 'CONTAINER_FAILED', kind, message: expect.stringMatching(message) });
  });

  test('names the cure when its container says that the disk is full', async () => {
    exitCode = 1;
    const readLines = async () => ['OSError: [Errno 28] No space left on device'];
    await expect(requireDone({ signal, report: quiet, readLines, ...log(1) })).rejects.toMatchObject({
      code: 'CONTAINER_FAILED', message: expect.stringMatching(/exit code 1; raise taskScratch of the source, .*; its last lines:\nOSError: \[Errno 28\] No space left/),
    });
  });

  /** An endpoint that names a log stream too. */
  function log(code: number) {
    endpoint.removeAllListeners('request').on('request', (_, response) => response.end(JSON.stringify({
      Containers: [{ Name: 'task', KnownStatus: 'RUNNING' }, { Name: 'source', KnownStatus: 'STOPPED', ExitCode: code, LogOptions: { 'awslogs-group': 'g', 'awslogs-stream': 's' } }],
    })));
    return {};
  }

  test.each([
    ['nothing', () => undefined, /wrote no file into HEADRACE_OUT; where nothing is new, write \{"unchanged": true\}/],
    ['an unfinished file', () => write('a.csv.tmp', ''), /a\.csv\.tmp is unfinished by its name; rename it/],
    ['a folder', () => mkdirSync(path.join(out, 'sub')), /sub is a folder; write plain files/],
    ['a link', () => symlinkSync('/etc/hostname', path.join(out, 'a.csv')), /a\.csv is no regular file/],
    ['a hidden file', () => write('.a.csv', ''), /\.a\.csv is hidden/],
    ['files and unchanged', () => { write('a.csv', ''); write('.headrace.json', '{"unchanged": true}'); }, /says unchanged, and there are 1 files/],
    ['word of a file that is not there', () => { write('a.csv', ''); write('.headrace.json', '{"files": {"b.csv": {}}}'); }, /tells of b\.csv, which is not there/],
  ])('fails when the container left %s', async (_, leave, message) => {
    leave();
    await expect(containerFiles(out)).rejects.toMatchObject({ code: 'CONTAINER_FILES', fault: 'user', message: expect.stringMatching(message) });
  });

  test('an answer that is wrong is refused with every problem', () => {
    expect(() => parseOutDocument('{')).toThrow(/must be JSON/);
    expect(() => parseOutDocument('{"cursor": {"to": 5}, "files": {"a": {"records": -1, "md5": "x"}}, "done": true}')).toThrow(
      expect.objectContaining({ code: 'CONTAINER_ANSWER', message: expect.stringMatching(/cursor\.to must be .*files\.a\.records must be .*md5 is not a known key.*done is not a known key/) }),
    );
  });

  test('settings with two equal shards, or none, are refused', async () => {
    stage.settings.sources.trips.shards = [{ region: 'eu' }, { region: 'eu' }];
    await expect(stage.plan('s1')).rejects.toMatchObject({ code: 'CONFIG', message: expect.stringMatching(/sources\.trips\.shards must differ/) });
    stage.settings.sources.trips.shards = [];
    await expect(stage.plan('s1')).rejects.toMatchObject({ code: 'CONFIG', message: expect.stringMatching(/shards must be a list of 1 to 10000/) });
  });
});
