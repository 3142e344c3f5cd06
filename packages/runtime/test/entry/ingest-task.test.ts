import { createHash, randomBytes } from 'node:crypto';
import { HttpSource } from '../_fakes/http-source';
import type { S3Request } from '../_fakes/s3-server';
import { BUCKET, IngestStage } from '../_fixtures/ingest-stage';
import { TaskProgram, type TaskExit } from '../_fixtures/task-process';

// Each test starts processes.
jest.setTimeout(120_000);

const MIB = 1024 * 1024;

describe('ingest task, as a process', () => {
  let program: TaskProgram;
  let source: HttpSource;
  let stage: IngestStage;
  const body = randomBytes(20 * MIB);

  beforeAll(async () => { program = await TaskProgram.bundle('ingest-task'); });
  afterAll(() => program.remove());

  beforeEach(async () => {
    source = await HttpSource.start({ body });
    stage = await IngestStage.start({ trips: { kind: 'http', url: source.url() } });
  });
  afterEach(async () => {
    await stage.close();
    await source.close();
  });

  function environment(plan: object): Record<string, string> {
    return { AWS_ENDPOINT_URL_S3: stage.s3.url, HEADRACE_TASK: JSON.stringify({ step: 'pull', plan, index: 0 }), HEADRACE_SETTINGS: JSON.stringify(stage.settings) };
  }

  const lastLine = (exit: TaskExit): any => JSON.parse(exit.stderr.trim().split('\n').at(-1) ?? '');

  test.each<[string, (request: S3Request) => boolean, 'before' | 'after']>([
    ['while it uploads', ({ action, nth }) => action === 'UploadPart' && nth === 1, 'before'],
    ['when all is sent and nothing is visible', ({ action }) => action === 'CompleteMultipartUpload', 'before'],
    ['when the object is visible and no result is', ({ action }) => action === 'CompleteMultipartUpload', 'after'],
    ['when its result is written', ({ action, key }) => action === 'PutObject' && key.endsWith('pull/0.json'), 'after'],
  ])('killed %s and started again, it ends with the source\'s bytes and one commit', async (_, at, when) => {
    const plan = await stage.plan('s1');
    const { child, exit } = program.start(environment(plan.plan));
    let killed = false;
    stage.s3.fault = async (request) => {
      if (killed || !at(request)) return undefined;
      killed = true;
      // The server serves what it has begun, and the process that asked is gone.
      if (when === 'before') {
        child.kill('SIGKILL');
        await exit;
        return 'reset';
      }
      setImmediate(() => child.kill('SIGKILL'));
      return 'lose-answer';
    };
    expect((await exit).signal).toBe('SIGKILL');
    expect(killed).toBe(true);

    const second = await program.start(environment(plan.plan)).exit;
    expect([second.code, second.stderr]).toEqual([0, '']);
    const output = await stage.commit('s1');
    expect(output.datasets.trips).toMatchObject({ outcome: 'committed', seq: 1, counts: { bytes: body.length } });
    const [{ parts: [part] }] = stage.log('trips');
    expect(part.sha256).toBe(createHash('sha256').update(body).digest('hex'));
    expect(stage.s3.objects.get(`${BUCKET}/${part.key}`)?.body.equals(body)).toBe(true);
    expect(stage.s3.keys(BUCKET, 'demo/raw/')).toHaveLength(1);
  });

  test('SIGTERM ends it with 143, without a leftover upload, and with a coded last line', async () => {
    const plan = await stage.plan('s1');
    const { child, exit } = program.start(environment(plan.plan));
    stage.s3.fault = ({ action, nth }) => {
      if (action === 'UploadPart' && nth === 0) child.kill('SIGTERM');
      return undefined;
    };
    source.scripts.push((_, response) => {
      response.writeHead(200, { etag: '"slow"', 'content-length': String(body.length) });
      response.write(body.subarray(0, 10 * MIB));
    });
    const ended = await exit;
    expect(ended.code).toBe(143);
    expect(lastLine(ended)).toMatchObject({ code: 'TASK_E0003', level: 'error', data: { error: 'STOPPED', exitCode: 143 } });
    expect(stage.s3.uploads.size).toBe(0);
    expect(stage.s3.json(BUCKET, 'demo/work/ingest-1a2b3c4d/s1-a1/errors/pull-0.json')).toMatchObject({ code: 'STOPPED', kind: 'transient' });
  });

  test('bad configuration ends it with 2 before anything is asked of the store', async () => {
    const ended = await program.start({ AWS_ENDPOINT_URL_S3: stage.s3.url, HEADRACE_TASK: '{}', HEADRACE_MODE: 'x' }).exit;
    expect(ended.code).toBe(2);
    expect(lastLine(ended)).toMatchObject({ code: 'TASK_E0002' });
    expect(stage.s3.requests).toEqual([]);
  });

  test('300 MB pass in constant memory', async () => {
    stage.s3.discardBodies = true;
    const block = Buffer.from('1234567,some text of a record\n'.repeat(35_000)).subarray(0, MIB);
    const blocks = 300;
    source.scripts.push(async (_, response) => {
      response.writeHead(200, { etag: '"big"', 'content-length': String(blocks * block.length) });
      for (let n = 0; n < blocks; n += 1) if (!response.write(block)) await new Promise((resolve) => { response.once('drain', resolve); });
      response.end();
    });
    const plan = await stage.plan('s1');
    // The heap is capped well below the file, so a leak fails fast.
    const ended = await program.start(environment(plan.plan), ['--max-old-space-size=48']).exit;
    expect([ended.code, ended.stderr]).toEqual([0, '']);
    const lines = ended.stdout.trim().split('\n').map((line) => JSON.parse(line));
    const done = lines.find(({ code }) => code === 'TASK_I0002');
    expect(done.data.peakMemoryBytes).toBeLessThanOrEqual(256 * MIB);
    const result = lines.find(({ code }) => code === 'INGEST_I1103');
    expect(result.data).toMatchObject({ bytes: blocks * block.length });
  });
});
