import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { HttpDateStep, IngestSize, IngestSource, IngestStage } from '@headrace/ingest-construct';
import { Assembly, type ExecutionResult, runStateMachine, startS3Endpoint, type S3Endpoint } from '@headrace/local-runner';
import { App, Duration, Size, Stack } from 'aws-cdk-lib';
import { callPacked, type FunctionAnswer } from './_fixtures/packed-function';
import { SimulatedClock } from './_fixtures/simulated-clock';
import { SimulatedFargate } from './_fixtures/simulated-fargate';

// The synthesized machine and the packed functions are real, and so is every document in S3; the clock and Fargate are simulated.
jest.setTimeout(600_000);

const CONTRACT = path.join(__dirname, '..', 'sources', 'trips.odcs.yaml');
/** As many as a test of every day has time for; `HEADRACE_SHARDS=100000` runs it with what the plan was built for (docs/adr/0031). */
const SHARDS = Number(process.env.HEADRACE_SHARDS ?? 30_000);
const FUNCTION_MIB = 512;
const QUOTA_VCPUS = 100;
/** Of a task of 0.25 vCPU. */
const WITHIN_QUOTA = 400;
/** Files of an hour each, since this one. */
const FIRST = Date.UTC(2014, 0, 1);

interface Estimate { readonly seconds: number; readonly tasks: number; readonly concurrency: number; readonly shards: number }
interface Shard {
  readonly part: number;
  readonly fingerprint: string;
  readonly url: string;
  readonly cursor: string;
  readonly raw: { readonly key: string };
}
interface Item {
  readonly dataset: string;
  readonly shards: readonly Shard[];
  readonly schedule: { readonly listSeconds: number };
}

describe(`${SHARDS} files in one batch`, () => {
  let folder: string;
  let s3: S3Endpoint;
  let fargate: SimulatedFargate;
  let clock: SimulatedClock;
  let result: ExecutionResult;
  const notices: unknown[] = [];
  const answers: Record<string, FunctionAnswer<Record<string, any>>> = {};

  beforeAll(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'headrace-shards-'));
    const definition = synthesized(path.join(folder, 'cdk.out'));
    const { settings } = definition.States.Plan.Arguments.Payload;
    s3 = await startS3Endpoint({ dir: path.join(folder, 's3'), buckets: [settings.rawBucket, settings.contract.bucket] });
    await write(settings.contract.bucket, settings.contract.key, readFileSync(CONTRACT));
    const slotTime = new Date(FIRST + SHARDS * 3_600_000);
    // The packed functions look at the real one.
    clock = new SimulatedClock(new Date());
    fargate = new SimulatedFargate(clock, QUOTA_VCPUS, ({ HEADRACE_TASK }) => pulled(JSON.parse(HEADRACE_TASK!)));
    result = await runStateMachine(definition, {
      clock, input: { slot: `s${slotTime.toISOString().replace(/[-:]|\.000/g, '').toLowerCase()}` }, mapConcurrencyLimit: 10_000,
      readObject: (bucket, key) => clock.outside(() => read(bucket, key)),
      handlers: {
        'ecs:runTask.sync': fargate.runTask,
        'aws-sdk:servicequotas:getServiceQuota': async () => ({ Quota: { Value: QUOTA_VCPUS } }),
        'lambda:invoke': ({ arguments: input, state }) => clock.outside(() => invoke(state, input as { Payload: unknown })),
        'sns:publish': async ({ arguments: input }) => ({ MessageId: String(notices.push(input)) }),
      },
    });
  });
  afterAll(async () => {
    await s3.close();
    rmSync(folder, { recursive: true, force: true });
  });

  function synthesized(outdir: string) {
    const app = new App({ outdir, analyticsReporting: false });
    const stack = new Stack(app, 'Many');
    new IngestStage(stack, 'Ingest', {
      contract: CONTRACT, pipelineName: 'many',
      sources: {
        trips: IngestSource.httpDates({
          urlTemplate: 'https://data.example.com/{yyyy}/{MM}/trips-{yyyy-MM-dd}T{HH}.csv.gz', step: HttpDateStep.HOUR, firstDate: '2014-01-01T00Z',
        }),
      },
      // What the functions have is what they have by default.
      size: IngestSize.of({ concurrency: 1_000, functionMemory: Size.mebibytes(FUNCTION_MIB), executionTimeout: Duration.hours(12) }),
      deadline: Duration.hours(10),
    });
    app.synth();
    const [machine] = new Assembly(outdir).ofType('AWS::StepFunctions::StateMachine');
    return JSON.parse(machine!.properties.DefinitionString as string);
  }

  const at = (bucket: string, key: string) => `${s3.url}/${bucket}/${key}`;

  async function read(bucket: string, key: string): Promise<Buffer> {
    return Buffer.from(await (await fetch(at(bucket, key))).arrayBuffer());
  }

  async function write(bucket: string, key: string, body: string | Buffer): Promise<void> {
    expect((await fetch(at(bucket, key), { method: 'PUT', body })).status).toBe(200);
  }

  async function invoke(state: string, { Payload }: { Payload: unknown }) {
    if (state === 'Turn') return { Payload: { turn: 'go' } };
    const answer = answers[state] = await callPacked(`${state.toLowerCase()}-function`, Payload, { endpoint: s3.url, memoryMiB: FUNCTION_MIB });
    return { Payload: answer.value as never };
  }

  let items: Promise<Item[]> | undefined;

  async function readItems({ bucket, key }: { bucket: string; key: string }): Promise<Item[]> {
    return (await read(bucket, `${key}l`)).toString('utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as Item);
  }

  /** The result that a task leaves, without the bytes that it would bring. */
  async function pulled({ plan, index }: { plan: { bucket: string; key: string }; index: number }) {
    items ??= readItems(answers.Plan!.value.items as { bucket: string; key: string });
    const { dataset, shards, schedule } = (await items)[index]!;
    const now = clock.now().getTime();
    const timing = { startedAt: new Date(now).toISOString(), endedAt: new Date(now + schedule.listSeconds * 1_000).toISOString() };
    const landed = shards.map(({ part, fingerprint, url, cursor, raw: { key } }) => ({
      outcome: 'landed', shard: part, fingerprint, cursor, headerLines: 1, told: { bytes: 1_000_000, records: 'unknown' }, tries: 1,
      part: { key, bytes: 1_000_000, sha256: part.toString(16).padStart(64, '0'), records: 10_000, source: { url, identity: { etag: `"${part}"` } } },
    }));
    await write(plan.bucket, plan.key.replace(/plan\.json$/, `pull/${index}.json`), JSON.stringify({
      schemaVersion: 1, step: 'pull', index, timing, peakMemoryBytes: 150_000_000, dataset, shards: landed, taskMemoryMiB: 512,
    }));
    return { seconds: schedule.listSeconds };
  }

  test('is planned and committed whole, every shard once', async () => {
    expect(notices).toEqual([]);
    expect(result).toMatchObject({ status: 'SUCCEEDED', output: { datasets: { trips: { outcome: 'committed', seq: 1, counts: { parts: SHARDS, bytes: SHARDS * 1_000_000 } } } } });
    const { manifestKey } = (result.output as any).datasets.trips;
    const manifest = JSON.parse((await read(answers.Plan!.value.items.bucket, manifestKey)).toString('utf8'));
    expect(new Set(manifest.parts.map(({ key }: { key: string }) => key)).size).toBe(SHARDS);
    expect(manifest.parts.map(({ sha256 }: { sha256: string }) => parseInt(sha256, 16))).toEqual(Array.from({ length: SHARDS }, (_, part) => part));
  });

  test('stays within payload, history, children and function memory', () => {
    // The engine itself fails a payload of more than 256 KiB and a history of more than 25,000 events.
    const { tasks, shards } = answers.Plan!.value.estimate as Estimate;
    expect(shards).toBe(SHARDS);
    expect(tasks).toBeLessThanOrEqual(10_000);
    expect(fargate.launched).toBe(tasks);
    expect(result.events.length).toBeLessThan(100);
    expect(Math.max(answers.Plan!.bytes, answers.Commit!.bytes)).toBeLessThan(2_000);
    for (const { peakMiB } of Object.values(answers)) expect(peakMiB).toBeLessThan(FUNCTION_MIB);
  });

  test('is as wide as the quota of the account allows, and no wider', () => {
    expect(answers.Plan!.value.estimate).toMatchObject({ concurrency: WITHIN_QUOTA, quotaVcpus: QUOTA_VCPUS });
    expect(fargate.mostAtOnce).toBe(WITHIN_QUOTA);
    expect(fargate.overQuota).toBe(0);
  });

  test('bears being throttled while its tasks start', () => {
    expect(fargate.throttled).toBeGreaterThan(100);
  });

  test('takes the time that the plan told', () => {
    const took = (result.stopDate.getTime() - result.startDate.getTime()) / 1_000;
    const { seconds } = answers.Plan!.value.estimate as Estimate;
    expect(Math.abs(took / seconds - 1)).toBeLessThan(0.1);
  });
});
