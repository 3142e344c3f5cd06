import type { GlueClient } from '@aws-sdk/client-glue';
import { glueTables, rejectsTable, type Dataset } from '../../contract';
import { PipelineError, userError } from '../../errors/pipeline-error';
import type { FunctionCall } from '../../run/function-handler';
import type { CuratedPart, QuarantinePart } from '../../run/manifest';
import { quarantineListFolder } from '../quarantine-prefix';
import type { CurateSettings } from '../settings';
import { CatalogPartitions } from './catalog-partitions';
import { catalogPartitions, writeSymlinks, type ListedPartition } from './symlinks';

/** What a commit adds to the catalog: its files by column partition, and its rejected records. */
export class UnitCatalog {
  private readonly runs: CatalogPartitions;
  private readonly rejects: CatalogPartitions;

  constructor(private readonly call: FunctionCall, private readonly settings: CurateSettings, private readonly dataset: Dataset, glue: Pick<GlueClient, 'send'>) {
    const { database, publishedTable } = settings;
    const { runsTable, rejectsTable: rejected } = tableNames(settings, dataset.name);
    const tables = glueTables(dataset, { database, runsTable, publishedTable, catalogLocation: '', publishedLocation: '' });
    this.runs = new CatalogPartitions(glue, { database, table: runsTable }, tables.runs, call.signal);
    this.rejects = new CatalogPartitions(glue, { database, table: rejected }, rejectsTable(rejected, ''), call.signal);
  }

  /** Makes a unit's files known to query engines; the current state does not show them before the unit is published. */
  async register(unitId: string, parts: readonly CuratedPart[], quarantine: readonly QuarantinePart[] = []): Promise<void> {
    const { settings, call: { store, signal } } = this;
    const partitions = this.partitions(unitId, parts);
    const rejected = this.rejected(unitId, quarantine);
    await writeSymlinks(store, settings.curatedBucket, [...partitions, ...rejected], signal);
    await this.runs.register(partitions);
    await this.rejects.register(rejected);
  }

  /** Takes the partitions of a unit that lost a race out of the catalog; the current state never shows them anyhow. */
  async forget(unitId: string, parts: readonly CuratedPart[], quarantine: readonly QuarantinePart[] = []): Promise<void> {
    const partitions = this.partitions(unitId, parts);
    const rejected = this.rejected(unitId, quarantine);
    try {
      await this.runs.remove(partitions);
      await this.rejects.remove(rejected);
    } catch (error) {
      this.call.report.say('CURATE_W1301', { dataset: this.dataset.name, unitId, partitions: partitions.length + rejected.length, reason: PipelineError.from(error).message });
    }
  }

  /**
   * Takes the partitions of a unit whose files go out of the catalog. Unlike with {@link forget}, they must be out before it is over.
   *
   * @param before called where there are some, before the first of them goes
   */
  async takeOut(unitId: string, before: () => Promise<void>): Promise<void> {
    const found = [await this.runs.ofUnit(unitId), await this.rejects.ofUnit(unitId)] as const;
    if (found.every((partitions) => partitions.length === 0)) return;
    await before();
    await this.runs.remove(found[0]);
    await this.rejects.remove(found[1]);
  }

  private partitions(unitId: string, parts: readonly CuratedPart[]): ListedPartition[] {
    return catalogPartitions(this.dataset, unitId, parts, this.settings);
  }

  private rejected(unitId: string, quarantine: readonly QuarantinePart[]): ListedPartition[] {
    if (quarantine.length === 0) return [];
    const { curatedBucket, pipeline } = this.settings;
    const folder = quarantineListFolder(pipeline, { dataset: this.dataset.name, unitId });
    return [{ unitId, values: [], folder, location: `s3://${curatedBucket}/${folder}`, files: quarantine.map(({ key }) => `s3://${curatedBucket}/${key}`) }];
  }
}

function tableNames({ runsTables, rejectsTables }: CurateSettings, dataset: string): { runsTable: string; rejectsTable: string } {
  const runsTable = runsTables[dataset];
  const rejected = rejectsTables[dataset];
  if (runsTable !== undefined && rejected !== undefined) return { runsTable, rejectsTable: rejected };
  throw userError('CONFIG', `curate settings: runsTables or rejectsTables has no table for dataset ${dataset}; deploy the stage again`, { dataset });
}
