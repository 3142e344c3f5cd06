import { compareColumns } from '../../contract/diff/compare-columns';
import type { Dataset, DerivedColumn } from '../../contract/contract';
import { userError } from '../../errors/pipeline-error';
import type { LoadColumn, LoadItem, LoadUnit, Overtaken } from '../load-plan';
import { packParts } from '../pack-parts';
import type { WindowPlan } from '../pace/fit-window';
import type { CuratedEntry } from '../select-commits';
import type { LoadSettings } from '../settings';
import { loadIdOf, stagingTable } from '../staging';
import type { TableName } from '../table-name';
import { targetOf } from '../target/target-of';
import type { Claimed } from './candidates';

/** A unit before its items are numbered. */
export type ClaimedUnit = Omit<LoadUnit, 'items'>;

/** One unit for each commit that is loaded. */
export function unitsOf({ dataset, target, writeMode, epoch, selection }: Claimed, settings: LoadSettings): ClaimedUnit[] {
  return selection.load.map(({ entry, overtaken }) => {
    const { manifest } = entry;
    const loadId = idOf(entry, dataset, target, settings);
    return {
      ...commitOf(entry), dataset: dataset.name, loadId, epoch: String(epoch), target, staging: stagingTable(
        settings.ledgerSchema, dataset.name, loadId,
      ),
      writeMode, columns: columnsOf(entry, dataset), parts: manifest.parts.length,
      records: manifest.parts.reduce((sum, part) => sum + part.records, 0), overtaken: overtaken.map(commitOf),
    };
  });
}

function commitOf({ seq, key, manifest }: CuratedEntry): Overtaken {
  return { seq, ingestSeq: manifest.ingestSeq, attemptId: manifest.attemptId, manifestKey: key, contractVersion: manifest.contract.version };
}

/** The id of the load of one commit: the same for every attempt. */
export function idOf({ seq, manifest }: CuratedEntry, dataset: Dataset, target: TableName, settings: LoadSettings): string {
  const of = { pipeline: settings.pipeline, dataset: dataset.name, target, seq, attemptId: manifest.attemptId };
  return loadIdOf(of, dataset, targetOf(settings.target).typeOf);
}

/** Columns that contract and manifest have in common. Throws `COLUMNS` where the schema policy forbids a difference. */
function columnsOf({ seq, manifest }: CuratedEntry, dataset: Dataset): LoadColumn[] {
  const carried = manifest.columns as readonly DerivedColumn[];
  const errors = compareColumns(carried, dataset).filter(({ severity }) => severity === 'error');
  if (errors.length > 0) {
    const text = errors.map(({ message, fix }) => `${message}; ${fix}`).join('; ');
    throw userError('COLUMNS', `commit ${seq} of ${dataset.name} (contract ${manifest.contract.version}) does not fit this stage's contract: ${text}`, { dataset: dataset.name, seq, columns: errors.map(({ column }) => column) });
  }
  return dataset.columns.flatMap(({ name, type }) => {
    const stored = carried.find((column) => column.name === name);
    return stored === undefined ? [] : [{ name, type, stored: stored.type }];
  });
}

/** Parts of all units, packed into as many items as there are connections. */
export function itemsOf(units: readonly ClaimedUnit[], claimed: readonly Claimed[], connections: number): LoadItem[] {
  return units.flatMap((unit, index) => {
    const candidate = claimed.find(({ dataset }) => dataset.name === unit.dataset) as Claimed;
    const { manifest } = candidate.entries.find(({ seq }) => seq === unit.seq) as CuratedEntry;
    const item = { unit: index, dataset: unit.dataset, seq: unit.seq, loadId: unit.loadId, epoch: unit.epoch, staging: unit.staging };
    return packParts(manifest.parts, connections).map((parts): LoadItem => ({ ...item, parts }));
  });
}

/** Says of a unit which items are its own, and how long publishing it will take. */
export function withWindow(unit: ClaimedUnit, index: number, items: readonly LoadItem[], window: WindowPlan | undefined): LoadUnit {
  const planned = window?.take.find(({ unit: { dataset, seq } }) => dataset === unit.dataset && seq === unit.seq);
  const first = items.findIndex((item) => item.unit === index);
  return {
    ...unit, items: { first, count: items.filter((item) => item.unit === index).length },
    ...(planned?.publishSeconds === undefined ? {} : { publishSeconds: Math.round(planned.publishSeconds) }),
  };
}
