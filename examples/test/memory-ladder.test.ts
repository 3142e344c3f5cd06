import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import { IngestSize, IngestSource, IngestStage } from '@headrace/ingest-construct';
import { type ExecutionRecord, LocalStack, type StackEvent } from '@headrace/local-runner';
import { App, aws_ecs as ecs, Size, Stack } from 'aws-cdk-lib';
import { runMachine } from './_fixtures/local-pipeline';
import { rawParts } from './_fixtures/raw-parts';
import { taskWithWorkingSet } from './_fixtures/task-after';

jest.setTimeout(240_000);

/** MiB: more than the first size has and less than the second, more than all have, and next to nothing. */
const LARGE = 640;
const TOO_LARGE = 1_100;
const SMALL = 1;

const KILLED = 137;

const MIB = 1024 * 1024;

/** A stage whose tasks have 512 MiB, and 1 GiB when that is too small; how much they really take is said before each run. */
class HungryStage {
  readonly folder = mkdtempSync(path.join(os.tmpdir(), 'headrace-memory-'));
  readonly workingSet = path.join(this.folder, 'working-set');
  readonly export = path.join(this.folder, 'export.csv');
  readonly server = createServer((_request, response) => {
    const body = readFileSync(this.export);
    response.writeHead(200, { 'content-length': body.length }).end(body);
  });
  private events: StackEvent[] = [];
  private stack: LocalStack | undefined;
  private runs = 0;

  async start(kind: 'http' | 'container'): Promise<void> {
    await new Promise<void>((resolve) => { this.server.listen(0, '127.0.0.1', resolve); });
    const app = new App({ outdir: path.join(this.folder, 'cdk.out'), analyticsReporting: false });
    const sizes = { taskMemory: Size.mebibytes(512), taskMemoryLimit: Size.gibibytes(1) };
    const props = kind === 'http' ? {
      image: ecs.ContainerImage.fromAsset(taskWithWorkingSet(path.join(this.folder, 'image'), this.workingSet)),
      size: IngestSize.of(sizes),
      sources: { trips: IngestSource.http({ url: `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/trips.csv` }) },
    } : {
      sources: { trips: IngestSource.container({
        image: ecs.ContainerImage.fromAsset(path.join(__dirname, '_fixtures/whole-export')), ...sizes,
        environment: { WORKING_SET: this.workingSet, EXPORT: this.export },
      }) },
    };
    new IngestStage(new Stack(app, 'Trips'), 'Ingest', { contract: path.join(__dirname, '../sources/trips.odcs.yaml'), pipelineName: 'trips', ...props });
    app.synth();
    this.stack = await LocalStack.start({
      assemblyDir: path.join(this.folder, 'cdk.out'), stateDir: path.join(this.folder, 'state'), timeFactor: 50, onEvent: (event) => this.events.push(event),
    });
  }

  async close(): Promise<void> {
    await this.stack?.close();
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => { this.server.close(() => resolve()); });
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Runs once over new data, with tasks that take so many MiB. */
  async run(workingSetMiB: number): Promise<HungryRun> {
    this.runs += 1;
    const slot = `run${this.runs}`;
    const data = Buffer.from(`id,note\n${Array.from({ length: 1_000 }, (_, row) => `${this.runs * 1_000 + row},"é ${row}"\n`).join('')}`);
    writeFileSync(this.export, data);
    writeFileSync(this.workingSet, String(workingSetMiB));
    this.events = [];
    const record = await runMachine(this.stack!, 'Trips/Ingest', { slot });
    const parts = rawParts(this.stack!, 'trips', slot).map((file) => readFileSync(file));
    return {
      record, events: this.events, sizes: sizesOf(this.events),
      whole: parts.length === 1 && parts[0]!.equals(data), memory: this.commits.at(-1)?.memory,
      notices: this.events.flatMap((event) => (event.kind === 'notice' ? [event.message] : [])),
    };
  }

  /** Those of the dataset, in order. */
  get commits(): any[] {
    const [bucket] = this.stack!.deployment.assembly.ofType('AWS::S3::Bucket');
    const folder = path.join(this.stack!.state.s3, bucket!.ref, 'trips/commits/raw/trips');
    return (existsSync(folder) ? readdirSync(folder) : []).filter((name) => /^\d{20}\.json$/.test(name)).sort().map((name) => JSON.parse(readFileSync(path.join(folder, name), 'utf8')));
  }
}

interface HungryRun {
  readonly record: ExecutionRecord;
  readonly events: readonly StackEvent[];
  /** What each task was told of its memory, in the order of their starts. */
  readonly sizes: number[];
  /** Whether Raw holds what the source had, byte for byte. */
  readonly whole: boolean;
  /** Of the last commit. */
  readonly memory: unknown;
  readonly notices: string[];
}

function sizesOf(events: readonly StackEvent[]): number[] {
  return events.flatMap((event) => (event.kind === 'child-line' ? [/^task of (\d+) MiB$/.exec(event.line)?.[1]] : [])).flatMap((size) => (size === undefined ? [] : [Number(size)]));
}

const KINDS = [
  { kind: 'http', limit: 'taskMemoryLimit of the size' },
  { kind: 'container', limit: 'sources.trips.taskMemoryLimit' },
] as const;

describe.each(KINDS)('a dataset of a source of kind $kind whose tasks take more memory than their size has', ({ kind, limit }) => {
  let stage: HungryStage;
  beforeAll(async () => {
    stage = new HungryStage();
    await stage.start(kind);
  });
  afterAll(async () => stage.close());

  test('is read by a task of the next size, after the first was killed', async () => {
    const { record, events, sizes, whole, memory } = await stage.run(LARGE);
    expect({ status: record.status, cause: record.cause }).toEqual({ status: 'SUCCEEDED', cause: undefined });
    expect(sizes).toEqual([512, 1024]);
    const killed = events.flatMap((event) => (event.kind === 'child-ended' && event.exitCode === KILLED ? [event] : []));
    expect(killed).toHaveLength(1);
    expect(killed[0]!.peakRssBytes).toBeGreaterThan(512 * MIB);
    expect({ whole, memory }).toEqual({ whole: true, memory: { taskMiB: 1024, calmRuns: 0 } });
  });

  test('begins its next run in the size that was needed', async () => {
    // What a container of the user takes, nobody can tell: it counts as little.
    const { sizes, whole, memory } = await stage.run(kind === 'http' ? LARGE : SMALL);
    expect({ sizes, whole }).toEqual({ sizes: [1024], whole: true });
    expect(memory).toEqual({ taskMiB: 1024, calmRuns: kind === 'http' ? 0 : 1 });
  });

  test('gets the smaller size again after three runs that needed less', async () => {
    for (let calm = kind === 'http' ? 1 : 2; calm <= 3; calm += 1) {
      expect(await stage.run(SMALL)).toMatchObject({ sizes: [1024], whole: true, memory: { taskMiB: 1024, calmRuns: calm } });
    }
    const { sizes, whole, memory } = await stage.run(kind === 'http' ? SMALL : LARGE);
    expect(whole).toBe(true);
    if (kind === 'http') {
      expect({ sizes, memory }).toEqual({ sizes: [512], memory: { taskMiB: 512, calmRuns: 0 } });
    } else {
      // It was too small after all, so the next try of it takes twice as many runs.
      expect({ sizes, memory }).toEqual({ sizes: [512, 1024], memory: { taskMiB: 1024, calmRuns: 0, calmRunsNeeded: 6 } });
      expect((await stage.run(SMALL)).sizes).toEqual([1024]);
    }
  });

  test('fails with what to raise when the largest size is too small, and commits nothing', async () => {
    const before = stage.commits.length;
    const { record, sizes, notices } = await stage.run(TOO_LARGE);
    expect(record.status).toBe('FAILED');
    expect(sizes.at(-1)).toBe(1024);
    expect(notices).toEqual([expect.stringContaining(`out of memory at the largest size of the task, 1024 MiB; raise ${limit}, or make the shards of the source smaller`)]);
    expect(stage.commits).toHaveLength(before);
  });
});
