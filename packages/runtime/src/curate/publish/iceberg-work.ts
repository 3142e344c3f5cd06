import { icebergTable, isStanding, type Dataset, type IcebergTable, type PublishedLine } from '../../contract';
import type { FunctionCall } from '../../run/function-handler';
import { icebergFolder, icebergProgressKey } from '../../run/keys';
import { SCHEMA_VERSION } from '../../run/manifest';
import type { StageOutput } from '../../run/stage-io';
import { itemsRef, type WorkFolder } from '../../run/work';
import { curatedLog } from '../curated-log';
import type { CurateSettings } from '../settings';

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
  readonly progressKey: string;
  readonly snapshotRetentionHours: number;
}

/**
 * Tells the state machine whether tables lag behind their logs, and the job by what.
 *
 * A job leaves a note of how far a table is. Without it, or with an older one, the job looks at the table itself and may find nothing to do.
 */
export async function icebergWork(
  { store, signal }: FunctionCall, settings: CurateSettings, folder: WorkFolder, logs: ReadonlyMap<Dataset, readonly PublishedLine[]>,
): Promise<Pick<StageOutput, 'iceberg'>> {
  if (settings.iceberg === undefined) return {};
  const tables: IcebergWorkItem[] = [];
  for (const [dataset, lines] of logs) {
    const head = lines.length;
    const progressKey = icebergProgressKey(settings.pipeline, dataset.name);
    const note = { bucket: settings.curatedBucket, key: progressKey };
    const progress = (await store.getJson<{ readonly seq?: number; readonly rule?: string }>(note, { signal }))?.value;
    const item = workItem(settings, dataset, lines);
    if (head > 0 && ((progress?.seq ?? 0) < head || progress?.rule !== item.rule)) tables.push(item);
  }
  if (tables.length === 0) return {};
  const work: IcebergWork = { schemaVersion: SCHEMA_VERSION, tables };
  const ref = itemsRef(folder, 'iceberg');
  await store.putJson(ref, work, { signal });
  return { iceberg: { plan: { bucket: folder.bucket, key: `${folder.prefix}plan.json` }, tables: tables.length } };
}

function workItem(settings: CurateSettings, dataset: Dataset, lines: readonly PublishedLine[]): IcebergWorkItem {
  const { curatedBucket, pipeline, database, targetFileBytes, iceberg } = settings;
  const location = `s3://${curatedBucket}/${icebergFolder(pipeline, dataset.name)}`;
  return {
    dataset: dataset.name, head: lines.length,
    standing: lines.filter(isStanding).map(({ attempt_id: unitId, seq, ingest_seq: ingestSeq }) => ({ unitId, seq, ingestSeq })),
    logPrefix: curatedLog(settings, dataset.name).prefix, progressKey: icebergProgressKey(pipeline, dataset.name),
    snapshotRetentionHours: iceberg?.snapshotRetentionHours ?? 0,
    ...icebergTable(dataset, { database, location, targetFileBytes }),
  };
}
