import { isUnitId } from '../../run/ids';
import { takenOutFolder, takenOutKey } from '../../run/keys';
import { SCHEMA_VERSION } from '../../run/manifest';
import type { Abortable, ObjectStore } from '../../stores/object-store';
import type { UnitCatalog } from '../publish/unit-catalog';
import type { CurateSettings } from '../settings';
import { objectsOf } from './unit-folders';

type DatasetPlace = Pick<CurateSettings, 'pipeline' | 'curatedBucket'> & { readonly dataset: string };

/**
 * When units left the catalog, as objects that outlive whoever took them out: a query that began a moment before still reads their files, also
 * when the execution dies and the next try finds nothing more to take out.
 *
 * The name of a mark has the time, so one listing tells all of them.
 */
export class TakenOut {
  private constructor(
    private readonly store: ObjectStore, private readonly at: DatasetPlace, private readonly catalog: Pick<UnitCatalog, 'takeOut'>,
    private readonly now: () => Date, private readonly options: Abortable, private readonly times: Map<string, number>,
  ) {}

  static async open(
    store: ObjectStore, at: DatasetPlace, catalog: Pick<UnitCatalog, 'takeOut'>, now: () => Date, options: Abortable = {},
  ): Promise<TakenOut> {
    const folder = takenOutFolder(at.pipeline, at.dataset);
    const times = new Map<string, number>();
    for await (const { key } of store.listKeys(at.curatedBucket, folder, options)) {
      const [unitId, text] = key.slice(folder.length).split('/') as [string, string | undefined];
      const time = Number(text);
      if (isUnitId(unitId) && Number.isSafeInteger(time)) times.set(unitId, Math.max(time, times.get(unitId) ?? time));
    }
    return new TakenOut(store, at, catalog, now, options, times);
  }

  /**
   * Takes a unit out of the catalog, if it is there, and gives since when it is out, in milliseconds.
   *
   * A time is written after the last partition is gone. An older one is removed before the first goes: whoever dies between leaves none, and
   * the wait begins anew.
   */
  async since(unitId: string): Promise<number> {
    await this.catalog.takeOut(unitId, () => this.forget(unitId));
    const known = this.times.get(unitId);
    if (known !== undefined) return known;
    const time = this.now();
    const { curatedBucket: bucket, ...at } = this.at;
    const mark = { schemaVersion: SCHEMA_VERSION, unitId, at: time.toISOString() };
    await this.store.putJson({ bucket, key: takenOutKey({ ...at, unitId, time }) }, mark, this.options);
    this.times.set(unitId, time.getTime());
    return time.getTime();
  }

  private async forget(unitId: string): Promise<void> {
    if (!this.times.delete(unitId)) return;
    const { pipeline, dataset, curatedBucket } = this.at;
    const marks = await objectsOf(this.store, curatedBucket, takenOutFolder(pipeline, dataset), unitId, this.options);
    await this.store.removeAll(curatedBucket, marks.map(({ key }) => key), this.options);
  }
}
