import { createHash } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { curatedColumns, currentStateSql, PUBLISHED_COLUMNS, requireContract, type Contract } from '../../../src/contract';
import { datasetOf } from '../../../src/curate/contract-source';
import { compactUnit } from '../../../src/curate/compact/compact-unit';
import type { CompactItem, RowsItem, RowsResult, ShapeItem, ShapeResult } from '../../../src/curate/documents';
import { planCurate, type CuratePlanOutput } from '../../../src/curate/plan/plan-curate';
import { publishCurate } from '../../../src/curate/publish/publish-curate';
import { curateRows } from '../../../src/curate/rows/curate-rows';
import { parseCurateSettings, type CurateSettings } from '../../../src/curate/settings';
import { LineIndexer, recordIndexKey } from '../../../src/ingest/record-index';
import { sniffCompression } from '../../../src/ingest/sniff-compression';
import { shapeUnit } from '../../../src/curate/shape/shape-unit';
import { vacuumCurate } from '../../../src/curate/vacuum/vacuum-curate';
import { Report } from '../../../src/report/report';
import { appendCommit } from '../../../src/run/commit-log';
import { commitLogPrefix, publishedKey, rawPartKey } from '../../../src/run/keys';
import type { CuratedManifest, RawManifest } from '../../../src/run/manifest';
import type { StageOutput } from '../../../src/run/stage-io';
import { folderOfPlan, resultRef } from '../../../src/run/work';
import { ObjectStore } from '../../../src/stores/object-store';
import { FakeGlueCatalog } from '../../_fakes/glue-catalog';
import { FakeS3 } from '../../_fakes/s3-server';
import { contractText, type DatasetSpec } from './contract-text';

/** A whole curate stage without its state machine: S3 and Glue in memory, everything else as deployed. */
export class CurateBench {
  glue = new FakeGlueCatalog('lake_db.trips_runs', 'lake_db.trips_rejects');
  readonly lines: string[] = [];
  readonly report = new Report({ write: (line) => { this.lines.push(line); } });
  settings!: CurateSettings;
  contract!: Contract;
  /** Of the columns that the contract hashes. */
  maskSalt?: string;
  /** Bytes of a share of a part, which then have an index of lines; parts are read whole without it. */
  shareBytes?: number;
  private files = 0;
  private readonly stop = new AbortController();

  private constructor(readonly s3: FakeS3, readonly store: ObjectStore, readonly connection: DuckDBConnection, private readonly directory: string) {
    // As a function does: every request that is under way listens.
    setMaxListeners(0, this.stop.signal);
  }

  static async start(): Promise<CurateBench> {
    const s3 = await FakeS3.start();
    const connection = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
    await connection.run("SET TimeZone = 'UTC'");
    return new CurateBench(s3, new ObjectStore(s3.client()), connection, await mkdtemp(join(tmpdir(), 'headrace-test-')));
  }

  async close(): Promise<void> {
    this.connection.closeSync();
    await this.s3.close();
    await rm(this.directory, { recursive: true, force: true });
  }

  /** Empties the stores and deploys a contract. */
  async reset(spec: DatasetSpec, settings: Partial<CurateSettings> = {}): Promise<void> {
    this.s3.objects.clear();
    this.s3.fault = () => undefined;
    this.glue = new FakeGlueCatalog('lake_db.trips_runs', 'lake_db.trips_rejects');
    this.lines.length = 0;
    const text = contractText(spec);
    this.contract = requireContract(text, 'test.odcs.yaml');
    await this.store.putText({ bucket: 'assets', key: 'contract.yaml' }, text);
    this.settings = parseCurateSettings({
      pipeline: 'lake', rawBucket: 'raw', curatedBucket: 'curated', workPrefix: 'lake/work/curate1/', contract: { bucket: 'assets', key: 'contract.yaml' },
      codeVersion: '1.2.3', engine: 'embedded', database: 'lake_db', publishedTable: 'lake_published', runsTables: { trips: 'trips_runs' },
      rejectsTables: { trips: 'trips_rejects' }, ...settings,
    });
  }

  /** Remembers all that is stored; the function it returns brings that back. */
  snapshot(): () => void {
    const objects = new Map(this.s3.objects);
    const tables = [...this.glue.tables].map(([name, partitions]) => [name, new Map(partitions)] as const);
    return () => {
      this.s3.objects.clear();
      for (const [key, object] of objects) this.s3.objects.set(key, object);
      for (const [name, partitions] of tables) this.glue.tables.set(name, new Map(partitions));
    };
  }

  /** Lands parts in raw and commits them, as ingest does. */
  async ingest(runId: string, parts: readonly (string | Buffer)[], supersedes: readonly string[] = []): Promise<number> {
    const at = new Date().toISOString();
    const landed = await Promise.all(parts.map(async (text, index) => {
      const key = rawPartKey({ pipeline: 'lake', dataset: 'trips', runId, attempt: 1, part: `0000${index}-trips.csv` });
      await this.store.upload({ bucket: 'raw', key }, Readable.from([Buffer.from(text)]));
      const recordIndex = await this.putIndex(key, Buffer.from(text));
      return { key, bytes: Buffer.byteLength(text), ...recordIndex, sha256: createHash('sha256').update(text).digest('hex'), records: 'unknown' as const, compression: sniffCompression(Buffer.from(text)) ?? ('none' as const), source: { url: 'http://127.0.0.1/x', identity: {} } };
    }));
    const result = await appendCommit<RawManifest>(this.store, { bucket: 'raw', prefix: commitLogPrefix('raw', 'lake', 'trips') }, (seq) => ({
      schemaVersion: 1, stage: 'ingest', kind: supersedes.length > 0 ? 'rerun' : 'ingest', pipeline: 'lake', dataset: 'trips', seq, runId, attempt: 1, committedAt: at,
      contract: { id: 'tests', version: '1.0.0', sha256: '0' }, columns: [], codeVersion: '1', source: { kind: 'http', url: 'http://127.0.0.1/x' }, cursor: {},
      parts: landed, supersedes, timing: { startedAt: at, endedAt: at }, peakMemoryBytes: 1,
    }));
    return result.outcome === 'nothing' ? 0 : result.seq;
  }

  private async putIndex(partKey: string, bytes: Buffer): Promise<Pick<RawManifest['parts'][number], 'recordIndex'>> {
    if (this.shareBytes === undefined) return {};
    const indexer = new LineIndexer(this.shareBytes);
    indexer.add(bytes);
    const index = indexer.document({ key: partKey, bytes: bytes.length, sha256: '0' });
    if (index === undefined) return {};
    const key = recordIndexKey(partKey);
    await this.store.putJson({ bucket: 'raw', key }, index);
    return { recordIndex: { key, entries: index.entries.length } };
  }

  /** Deploys the contract anew, over what is stored. */
  async mend(spec: DatasetSpec, settings: Partial<CurateSettings> = {}): Promise<void> {
    const text = contractText(spec);
    this.contract = requireContract(text, 'test.odcs.yaml');
    await this.store.putText({ bucket: 'assets', key: 'contract.yaml' }, text);
    this.settings = { ...this.settings, ...settings };
  }

  /** All steps of one attempt. */
  async run(slot: string, attempt = 1, asked: object = {}): Promise<StageOutput> {
    return this.publish(await this.ready(slot, attempt, asked), slot, attempt, asked);
  }

  /** All steps before Publish. */
  async ready(slot: string, attempt = 1, asked: object = {}): Promise<CuratePlanOutput> {
    const plan = await this.plan(slot, attempt, asked);
    await this.rows(plan);
    await this.shape(plan);
    if (plan.compactions.count > 0) await this.compact(plan);
    return plan;
  }

  async plan(slot: string, attempt = 1, asked: object = {}): Promise<CuratePlanOutput> {
    return planCurate({ ...this.call(slot, attempt, asked), previous: undefined }, { shareBytes: this.shareBytes });
  }

  async compact(plan: CuratePlanOutput): Promise<void> {
    const folder = folderOfPlan(plan.plan);
    for (const item of (await this.store.getJson<CompactItem[]>(plan.compactions))!.value) {
      const { settings, store, report } = this;
      const result = await compactUnit(item, { settings, dataset: datasetOf(this.contract, item.dataset), store, report });
      await this.store.putJson(resultRef(folder, 'compact', item.index), { schemaVersion: 1, timing: TIMING, peakMemoryBytes: 7, ...result });
    }
  }

  async rows(plan: CuratePlanOutput): Promise<void> {
    const folder = folderOfPlan(plan.plan);
    const { pipeline: name, rawBucket, curatedBucket } = this.settings;
    for (const item of (await this.store.getJson<RowsItem[]>(plan.items))!.value) {
      const result: RowsResult = await curateRows({
        item, dataset: datasetOf(this.contract, item.dataset), pipeline: name, rawBucket, curatedBucket, folder, maskSalt: this.maskSalt,
        store: this.store, report: this.report, cores: 2,
      });
      await this.store.putJson(resultRef(folder, 'rows', item.index), { schemaVersion: 1, timing: TIMING, peakMemoryBytes: 5, ...result });
    }
  }

  async shape(plan: CuratePlanOutput, limits: { memoryMiB?: number; keysAtOnce?: number } = {}): Promise<ShapeResult[]> {
    const folder = folderOfPlan(plan.plan);
    const results: ShapeResult[] = [];
    for (const unit of (await this.store.getJson<ShapeItem[]>(plan.units))!.value) {
      const { settings, contract, store, report } = this;
      const result = await shapeUnit(unit, { settings, contract, folder, store, report, ...limits });
      await this.store.putJson(resultRef(folder, 'shape', unit.index), { schemaVersion: 1, timing: TIMING, peakMemoryBytes: 7, ...result });
      results.push(result);
    }
    return results;
  }

  async publish(plan: CuratePlanOutput, slot: string, attempt = 1, asked: object = {}): Promise<StageOutput> {
    return publishCurate({ ...this.call(slot, attempt, asked), previous: plan }, this.glue.client);
  }

  /** All turns of a vacuum that runs some days from now. */
  async vacuum(
    slot: string, days: number, options: { readonly attempt?: number; readonly turnMs?: number; readonly unitsAtOnce?: number } = {},
  ): Promise<StageOutput & { readonly turns: number }> {
    const { attempt = 1, turnMs, unitsAtOnce, ...asked } = options;
    let previous: object = await this.plan(slot, attempt, { operation: 'vacuum', ...asked });
    for (let turns = 1; ; turns += 1) {
      const output = await vacuumCurate({ ...this.call(slot, attempt, { operation: 'vacuum', ...asked }), previous }, {
        glue: this.glue.client, now: () => new Date(Date.now() + days * 86_400_000), turnMs, unitsAtOnce,
      });
      if (output.next === undefined) return { ...output, turns };
      previous = output;
    }
  }

  async manifests(): Promise<CuratedManifest[]> {
    const found: CuratedManifest[] = [];
    for await (const { key } of this.store.listKeys('curated', 'lake/commits/curated/trips/')) found.push((await this.store.getJson<CuratedManifest>({ bucket: 'curated', key }))!.value);
    return found;
  }

  /** Line, code, column, reason and bytes of the rejected records, by line. */
  quarantine(): Promise<(string | null)[][]> {
    return this.parquet('lake/quarantine/trips/', 'SELECT CAST(line AS VARCHAR), code, column_name, reason, CAST(raw AS VARCHAR) FROM {file} ORDER BY line');
  }

  /** All that the Parquet files of a step hold between the steps, as text. */
  async work(step: string): Promise<string[][]> {
    return (await this.parquet(`${this.settings.workPrefix}s1-a1/${step}`, 'SELECT * FROM {file}')).map((row) => row.map(String));
  }

  private async parquet(prefix: string, query: string): Promise<(string | null)[][]> {
    const rows: (string | null)[][] = [];
    for await (const { key } of this.store.listKeys('curated', prefix)) {
      if (!key.endsWith('.parquet')) continue;
      const path = join(this.directory, `object-${this.files++}.parquet`);
      await pipeline(await this.store.getStream({ bucket: 'curated', key }), createWriteStream(path));
      for (const row of (await this.connection.runAndReadAll(query.replace('{file}', `read_parquet('${path}')`))).getRows()) rows.push(row as (string | null)[]);
    }
    return rows;
  }

  async published(): Promise<{ attempt_id: string; state: string; rows: number }[]> {
    const text = (await this.store.getText({ bucket: 'curated', key: publishedKey('lake', 'trips') }))?.value ?? '';
    return text.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as { attempt_id: string; state: string; rows: number });
  }

  /** What the current-state view shows, read as a query engine would: catalog partition, list of files, published lines. */
  async view(order = '1'): Promise<(string | null)[][]> {
    const files: { attempt: string; path: string }[] = [];
    for (const { values, location } of this.glue.partitions('lake_db.trips_runs')) {
      const prefix = location.replace('s3://curated/', '');
      for await (const { key } of this.store.listKeys('curated', prefix)) {
        for (const line of (await this.store.getText({ bucket: 'curated', key }))!.value.trim().split('\n')) files.push({ attempt: values.at(-1)!, path: await this.fetch(line.replace('s3://curated/', '')) });
      }
    }
    const dataset = this.contract.datasets[0]!;
    const names = curatedColumns(dataset).map(({ name }) => `CAST("${name}" AS VARCHAR)`).join(', ');
    if (files.length === 0) return [];
    const runs = files.map(({ attempt, path }) => `SELECT *, '${attempt}' AS _headrace_attempt FROM '${path}'`).join(' UNION ALL BY NAME ');
    const published = join(this.directory, `${this.files++}.json`);
    await writeFile(published, (await this.store.getText({ bucket: 'curated', key: publishedKey('lake', 'trips') }))?.value ?? '');
    await this.connection.run('CREATE SCHEMA IF NOT EXISTS lake_db');
    await this.connection.run(`CREATE OR REPLACE VIEW lake_db.trips_runs AS ${runs}`);
    await this.connection.run(`CREATE OR REPLACE VIEW lake_db.lake_published AS SELECT * FROM read_json('${published}', format = 'newline_delimited', columns = {${PUBLISHED}})`);
    const sql = currentStateSql(dataset, { database: 'lake_db', runsTable: 'trips_runs', publishedTable: 'lake_published' });
    return (await this.connection.runAndReadAll(`SELECT ${names} FROM (${sql}) ORDER BY ${order}`)).getRowsJson() as (string | null)[][];
  }

  async fetch(key: string): Promise<string> {
    const path = join(this.directory, `${this.files++}.parquet`);
    await pipeline(await this.store.getStream({ bucket: 'curated', key }), createWriteStream(path));
    return path;
  }

  async keys(prefix: string): Promise<string[]> {
    const keys: string[] = [];
    for await (const { key } of this.store.listKeys('curated', prefix)) keys.push(key);
    return keys;
  }

  private call(slot: string, attempt: number, asked: object = {}) {
    return {
      settings: this.settings, input: { slot, attempt, ...asked }, execution: { name: `lake-${slot}-a${attempt}`, startTime: '2026-01-01T00:00:00Z' },
      store: this.store, report: this.report, signal: this.stop.signal,
    };
  }
}

const TIMING = { startedAt: '2026-01-01T00:00:00.000Z', endedAt: '2026-01-01T00:00:01.000Z' };

const ENGINE_TYPES: Readonly<Record<string, string>> = { string: 'VARCHAR', bigint: 'BIGINT', int: 'INTEGER' };
const PUBLISHED = PUBLISHED_COLUMNS.map(({ name, type }) => `${name}: '${ENGINE_TYPES[type]}'`).join(', ');
