import { compactUnit } from '../curate/compact/compact-unit';
import { datasetOf, readContract } from '../curate/contract-source';
import type { CompactItem, RowsItem, ShapeItem } from '../curate/documents';
import { curateRows } from '../curate/rows/curate-rows';
import { readMaskSalt } from '../curate/rows/mask-salt';
import { parseCurateSettings } from '../curate/settings';
import { shapeUnit } from '../curate/shape/shape-unit';
import { runTask } from '../run/task';
import { secretsManager } from '../stores/read-secret';

const readSecret = secretsManager();

/** The container of the curate stage. */
void runTask({
  parseSettings: parseCurateSettings,
  steps: {
    rows: async ({ settings, item, folder, store, report, signal }) => {
      const { pipeline, rawBucket, curatedBucket } = settings;
      const dataset = datasetOf(await readContract(store, settings.contract, { signal }), (item as RowsItem).dataset);
      const maskSalt = await readMaskSalt(dataset, settings.maskSalt, readSecret, { report, signal });
      return curateRows({ item: item as RowsItem, dataset, pipeline, rawBucket, curatedBucket, folder, maskSalt, store, report, signal });
    },
    compact: {
      items: 'compactions',
      run: async ({ settings, item, store, report, signal }) => compactUnit(item as CompactItem, {
        settings, dataset: datasetOf(await readContract(store, settings.contract, { signal }), (item as CompactItem).dataset), store, report, signal,
      }),
    },
    shape: {
      items: 'units',
      run: async ({ settings, item, folder, store, report, signal }) => shapeUnit(item as ShapeItem, {
        settings, contract: await readContract(store, settings.contract, { signal }), folder, store, report, signal,
      }),
    },
  },
});
