import { GetTableCommand, type GlueClient } from '@aws-sdk/client-glue';
import { icebergTable, icebergTableName, isStanding, type Dataset, type IcebergTable, type PublishedLine } from '../../contract';
import type { FunctionCall } from '../../run/function-handler';
import { dataFolder, icebergFolder, icebergProgressKey } from '../../run/keys';
import { SCHEMA_VERSION } from '../../run/manifest';
import type { StageOutput } from '../../run/stage-io';
import { itemsRef, type WorkFolder } from '../../run/work';
import { curatedLog } from '../curated-log';
import type { CurateSettings } from '../settings';
import { catalogFailure, type CatalogTableRef } from './catalog-partitions';

/** `iceberg.json` of an attempt: what a job that follows the commit logs must know of each table that lags. */
export interface IcebergWork {
  readonly schemaVersion: number;
  readonly tables: readonly IcebergWorkItem[];
}

export interface IcebergWorkItem extends IcebergTable {
  readonly dataset: string;
  /** Number of the newest commit. */
  readonly head: number;
  /** The units whose rows make up the state, by number. */
  readonly standing: readonly { readonly unitId: string; readonly seq: number; readonly ingestSeq: number }[];
  /** Folder of the commits; the number has 20 digits. */
  readonly logPrefix: string;
  /** Folder of the units' folders, with a slash at its end. */
  readonly dataPrefix: string;
  readonly progressKey: string;
  readonly snapshotRetentionHours: number;
}

/** What the last job left of a table. */
interface Note {
  readonly seq?: number;
  readonly rule?: string;
  readonly table?: string;
  readonly at?: string;
  /** When the oldest snapshot was made that will expire; absent where none will. */
  readonly oldest?: string;
}

export interface IcebergDeps {
  readonly glue: Pick<GlueClient, 'send'>;
  readonly now?: Date;
}

const HOUR_MS = 3_600_000;

/** So that tables that change all the time do not start a job in each run that has no news. */
const MOST_HOURS_BETWEEN_EXPIRIES = 24;

/**
 * Tells the state machine whether tables lag behind their logs or have snapshots that must go, and the job by what.
 *
 * A job leaves a note of how far a table is. Without it, or with an older one, the job looks at the table itself and may find nothing to do. The note
 * outlives the table, so the catalog is asked too.
 */
export async function icebergWork(
  { store, signal }: FunctionCall, settings: CurateSettings, folder: WorkFolder, logs: ReadonlyMap<Dataset, readonly PublishedLine[]>,
  { glue, now = new Date() }: IcebergDeps,
): Promise<Pick<StageOutput, 'iceberg'>> {
  if (settings.iceberg === undefined) return {};
  const tables: IcebergWorkItem[] = [];
  for (const [dataset, lines] of logs) {
    const head = lines.length;
    const progressKey = icebergProgressKey(settings.pipeline, dataset.name);
    const note = { bucket: settings.curatedBucket, key: progressKey };
    const progress = (await store.getJson<Note>(note, { signal }))?.value ?? {};
    const item = workItem(settings, dataset, lines);
    if (head === 0) continue;
    const isCurrent = (progress.seq ?? 0) >= head && progress.rule === item.rule && progress.table === item.table;
    const table = { database: settings.database, table: icebergTableName(dataset.name) };
    if (!isCurrent || mustExpire(progress, item, now) || !await exists(glue, table, signal)) tables.push(item);
  }
  if (tables.length === 0) return {};
  const work: IcebergWork = { schemaVersion: SCHEMA_VERSION, tables };
  const ref = itemsRef(folder, 'iceberg');
  await store.putJson(ref, work, { signal });
  return { iceberg: { plan: { bucket: folder.bucket, key: `${folder.prefix}plan.json` }, tables: tables.length } };
}

/** An expiry is due when the oldest snapshot is old enough, and not so soon after the last one. */
function mustExpire({ oldest, at }: Note, { snapshotRetentionHours }: IcebergWorkItem, now: Date): boolean {
  if (oldest === undefined || at === undefined) return false;
  const wait = Math.min(snapshotRetentionHours, MOST_HOURS_BETWEEN_EXPIRIES);
  return now.getTime() >= Math.max(Date.parse(oldest) + snapshotRetentionHours * HOUR_MS, Date.parse(at) + wait * HOUR_MS);
}

/** Not so where somebody dropped it, or where a database was made again over a bucket that stayed. */
async function exists(glue: Pick<GlueClient, 'send'>, at: CatalogTableRef, signal: AbortSignal): Promise<boolean> {
  try {
    await glue.send(new GetTableCommand({ DatabaseName: at.database, Name: at.table }), { abortSignal: signal });
    return true;
  } catch (error) {
    signal.throwIfAborted();
    if ((error as { name?: string }).name === 'EntityNotFoundException') return false;
    throw catalogFailure(at, error);
  }
}

function workItem(settings: CurateSettings, dataset: Dataset, lines: readonly PublishedLine[]): IcebergWorkItem {
  const { curatedBucket, pipeline, database, targetFileBytes, iceberg } = settings;
  const location = `s3://${curatedBucket}/${icebergFolder(pipeline, dataset.name)}`;
  return {
    dataset: dataset.name, head: lines.length,
    standing: lines.filter(isStanding).map(({ attempt_id: unitId, seq, ingest_seq: ingestSeq }) => ({ unitId, seq, ingestSeq })),
    logPrefix: curatedLog(settings, dataset.name).prefix, progressKey: icebergProgressKey(pipeline, dataset.name),
    dataPrefix: dataFolder(pipeline, dataset.name),
    snapshotRetentionHours: iceberg?.snapshotRetentionHours ?? 0,
    ...icebergTable(dataset, { database, location, targetFileBytes }),
  };
}
