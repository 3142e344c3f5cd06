import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { derivedColumns } from '../../../src/contract/derived-columns';
import type { Dataset } from '../../../src/contract/contract';
import { requireContract } from '../../../src/contract/parse-contract';
import type { Clock } from '../../../src/load/copy/paced-rows';
import { handOff } from '../../../src/load/dms/hand-off';
import { prepare } from '../../../src/load/dms/prepare';
import { sweepHandOff } from '../../../src/load/dms/sweep-hand-off';
import type { ClaimDocument, LoadItem, LoadOutcome } from '../../../src/load/load-plan';
import { parseLoadSettings } from '../../../src/load/settings';
import { claim } from '../../../src/load/steps/claim';
import { publish } from '../../../src/load/steps/publish';
import { stageItem } from '../../../src/load/steps/stage-item';
import { Report } from '../../../src/report/report';
import { commitKey, commitLogPrefix, dataKey } from '../../../src/run/keys';
import type { CuratedManifest } from '../../../src/run/manifest';
import { runStep } from '../../../src/run/task';
import { ObjectStore } from '../../../src/stores/object-store';
import type { FakeS3 } from '../../_fakes/s3-server';
import { curatedManifest } from '../../_fixtures/manifest';
import { type OpenDuckdb, openDuckdb, partOf, writeParquet } from './parquet';

export const BUCKET = 'curated';
const WORK_PREFIX = 'demo/work/load-1a2b3c4d/';
const CONTRACT = { bucket: 'assets', key: 'demo.odcs.yaml' };

export interface DatasetText {
  readonly history: 'append' | 'snapshot' | 'changes';
  readonly policy?: 'strict' | 'evolve' | 'permissive';
  /** Default: `format: csv, header: exact`. */
  readonly record?: string;
  /** Lines of `properties`, each a flow map. */
  readonly properties: readonly string[];
}

export const PEOPLE: DatasetText = {
  history: 'changes',
  properties: [
    '{ name: id, logicalType: integer, logicalTypeOptions: { format: i64 }, primaryKey: true, required: true }',
    '{ name: name, logicalType: string }',
    '{ name: score, logicalType: number, physicalType: "decimal(10,2)" }',
    '{ name: ratio, logicalType: number, logicalTypeOptions: { format: f64 } }',
    '{ name: updated_at, logicalType: timestamp, logicalTypeOptions: { timezone: true }, required: true }',
  ],
};

export function contractText(datasets: Readonly<Record<string, DatasetText>>): string {
  const objects = Object.entries(datasets).map(([name, { history, policy, record = 'format: csv, header: exact', properties }]) => `
  - name: ${name}
    customProperties:
      - { property: headraceRecord, value: { ${record} } }
      - { property: headraceHistory, value: ${history} }
${policy === undefined ? '' : `      - { property: headraceSchemaPolicy, value: ${policy} }\n`}    properties:
${properties.map((line) => `      - ${line}`).join('\n')}`);
  return `apiVersion: v3.1.0\nkind: DataContract\nid: demo\nname: Demo\nversion: "1.0.0"\nstatus: active\nschema:${objects.join('')}\n`;
}

export interface CommitOptions extends Partial<Pick<CuratedManifest, 'kind' | 'supersedes' | 'attemptId'>> {
  readonly ingestSeq?: number;
  /** SQL text by column: these are left out of the files. */
  readonly partition?: Readonly<Record<string, string | null>>;
  readonly rowGroupSize?: number;
}

export interface StepOptions {
  readonly now?: () => Date;
  /** What copies are slowed down by. */
  readonly clock?: Clock;
  /** Default: those of the stage. */
  readonly settings?: object;
}

/** The load stage in process, step by step as its machine would run it, on an S3 in memory. */
export abstract class LoadSteps {
  readonly lines: any[] = [];
  readonly errors: any[] = [];
  readonly report = new Report({ write: (line) => this.lines.push(JSON.parse(line)) });
  readonly store: ObjectStore;
  datasets: readonly Dataset[];
  credentials = { username: 'headrace', password: 'headrace' };
  readonly settings: Record<string, any>;
  /** What the machine tells Claim of the database's disk; null where it got no answer. @default - it does not ask */
  freeBytes?: number | null;
  private readonly seqs = new Map<string, number>();
  private readonly largest = new Map<string, number>();
  private slots = 0;

  /** Opening one takes longer than writing a part. */
  private duckdb?: Promise<OpenDuckdb>;
  private readonly folder = mkdtempSync(path.join(tmpdir(), 'headrace-test-'));

  protected constructor(readonly s3: FakeS3, contract: string, target: object) {
    this.store = new ObjectStore(s3.client());
    this.datasets = requireContract(contract, 'demo').datasets;
    s3.put(CONTRACT.bucket, CONTRACT.key, contract);
    const id = randomUUID().slice(0, 8);
    this.settings = {
      pipeline: 'demo', curatedBucket: BUCKET, workPrefix: WORK_PREFIX, contract: CONTRACT, codeVersion: 'v1',
      target: { ...target, secretArn: 'arn:aws:secretsmanager:us-east-1:000000000000:secret:db', ssl: 'disable' },
      targetSchema: `target_${id}`, ledgerSchema: `ledger_${id}`, manageSchema: true, writeModes: {}, connections: 2,
    };
  }

  async close(): Promise<void> {
    (await this.duckdb)?.close();
    await this.s3.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  useContract(contract: string): void {
    this.datasets = requireContract(contract, 'demo').datasets;
    this.s3.put(CONTRACT.bucket, CONTRACT.key, contract);
  }

  /** Commits a batch: each query becomes one Parquet part. */
  async commit(dataset: string, queries: readonly string[], options: CommitOptions = {}): Promise<CuratedManifest> {
    const definition = this.datasets.find(({ name }) => name === dataset) as Dataset;
    const { pipeline } = this.settings;
    const log = commitLogPrefix('curated', pipeline, dataset);
    const seq = (this.seqs.get(log) ?? 0) + 1;
    this.seqs.set(log, seq);
    const ingestSeq = options.ingestSeq ?? seq;
    const attemptId = options.attemptId ?? `s${seq}-a1-i${ingestSeq}`;
    const parts = [];
    for (const [file, query] of queries.entries()) {
      const local = path.join(this.folder, `${randomUUID()}.parquet`);
      const key = dataKey({ pipeline, dataset, attemptId, partition: Object.entries(options.partition ?? {}), file });
      const { connection } = await (this.duckdb ??= openDuckdb());
      await writeParquet(connection, query, local, options.rowGroupSize);
      const records = Number((await connection.runAndReadAll(`SELECT count(*) FROM '${local}'`)).getRows()[0]![0]);
      this.s3.put(BUCKET, key, readFileSync(local));
      const part = partOf(local, key, records, options.partition);
      parts.push(part);
      this.largest.set(dataset, Math.max(this.largestPart(dataset), part.bytes));
    }
    const manifest = curatedManifest(seq, ingestSeq, {
      pipeline, dataset, attemptId, kind: options.kind ?? 'ingest', supersedes: options.supersedes ?? [], columns: derivedColumns(definition), parts,
    });
    this.s3.put(BUCKET, commitKey(log, seq), JSON.stringify(manifest));
    return manifest;
  }

  /** Bytes of the largest part that was committed. */
  largestPart(dataset: string): number {
    return this.largest.get(dataset) ?? 0;
  }

  /** What a container finds in HEADRACE_TASK. */
  pointer(step: string, attemptId: string, index: number, input?: object): object {
    return { step, plan: { bucket: BUCKET, key: `${WORK_PREFIX}${attemptId}/plan.json` }, index, ...(input === undefined ? {} : { input }) };
  }

  /** One container; the answer is its exit code. */
  step(pointer: object, options: StepOptions & { signal?: AbortSignal } = {}): Promise<number> {
    const signal = options.signal ?? new AbortController().signal;
    // As runTask does: one listener per request in flight is no leak.
    setMaxListeners(0, signal);
    const deps = { credentials: async () => this.credentials, now: options.now, clock: options.clock };
    return runStep({
      parseSettings: parseLoadSettings,
      steps: {
        claim: { run: (call) => claim(call, deps), plan: false, items: false },
        stage: (call) => stageItem(call, deps),
        publish: { run: (call) => publish(call, deps), items: false },
        prepare: { run: (call) => prepare(call, deps), items: false },
        handOff: { run: handOff, items: false },
        sweep: { run: (call) => sweepHandOff(call, deps), items: false, resume: false },
      },
      store: this.store, report: this.report, writeError: (line) => this.errors.push(JSON.parse(line)),
      env: { HEADRACE_TASK: JSON.stringify(pointer), HEADRACE_SETTINGS: JSON.stringify(options.settings ?? this.settings) },
    }, this.report, signal);
  }

  nextSlot(): string {
    this.slots += 1;
    return `slot${this.slots}`;
  }

  async claim(attemptId: string, input: object = {}, options: StepOptions = {}): Promise<number> {
    const [slot, attempt] = attemptId.split('-a') as [string, string];
    const previous = this.freeBytes === undefined ? {} : { previous: { freeBytes: this.freeBytes } };
    return this.step({ ...this.pointer('claim', attemptId, 0, { slot, attempt: Number(attempt), ...input }), ...previous }, options);
  }

  async document<T>(attemptId: string, name: string): Promise<T> {
    return (await this.store.getJson<T>({ bucket: BUCKET, key: `${WORK_PREFIX}${attemptId}/${name}.json` }))!.value;
  }

  claimed(attemptId: string): Promise<ClaimDocument> {
    return this.document(attemptId, 'claim');
  }

  items(attemptId: string): Promise<LoadItem[]> {
    return this.document(attemptId, 'items');
  }

  /** A whole load; throws with the last error line unless every step ends well. */
  async load(input: object = {}, attemptId = `${this.nextSlot()}-a1`, options: StepOptions = {}): Promise<LoadOutcome> {
    await this.mustEnd(this.claim(attemptId, input, options));
    const { items, output } = await this.claimed(attemptId);
    if (output !== undefined) return output;
    for (let index = 0; index < items.count; index += 1) await this.mustEnd(this.step(this.pointer('stage', attemptId, index), options));
    await this.mustEnd(this.step(this.pointer('publish', attemptId, 0), options));
    return this.document(attemptId, 'outcome');
  }

  private async mustEnd(code: Promise<number>): Promise<void> {
    if (await code !== 0) throw new Error(JSON.stringify(this.errors.at(-1)));
  }

  codes(): string[] {
    return this.lines.map(({ code }) => code);
  }
}
