import type { DatasetView } from './private/stage/contract-file';
import type { Problems } from './private/stage/fail';

/** How `WriteMode.merge` decides between an old and a new row. */
export interface MergeProps {
  /**
   * Column that tells which of two rows with the same key is newer, such as `updated_at`; a required column of the
   * contract. Without it a row of a later batch always replaces one of an earlier batch.
   *
   * @default - the later batch wins
   */
  readonly newerBy?: string;
}

/** How `WriteMode.replace` treats a batch. */
export interface ReplaceProps {
  /**
   * Whether a batch without records may empty the table.
   *
   * @default false
   */
  readonly allowEmpty?: boolean;
}

/** Which modes keep the meaning of a history; the run time has the same table, and a test compares them. */
const ALLOWED: Record<DatasetView['history'], string[]> = {
  append: ['append', 'merge'],
  snapshot: ['replace', 'merge'],
  changes: ['merge'],
};

/** How the rows of a batch become rows of a table. They become visible together. */
export class WriteMode {
  /** Rows whose primary key is there are updated, others inserted. Fits every history; needs a primary key. */
  static merge(props: MergeProps = {}): WriteMode {
    return new WriteMode('merge', { newerBy: props.newerBy });
  }

  /** All rows are inserted. Fits datasets with the history `append`. */
  static append(): WriteMode {
    return new WriteMode('append', {});
  }

  /** The batch takes the place of all rows. Fits datasets with the history `snapshot`. */
  static replace(props: ReplaceProps = {}): WriteMode {
    return new WriteMode('replace', { allowEmpty: props.allowEmpty });
  }

  private constructor(private readonly mode: string, private readonly options: { newerBy?: string; allowEmpty?: boolean }) {}

  /** @internal */
  _settings(): Record<string, unknown> {
    return { mode: this.mode, ...this.options };
  }

  /** @internal */
  _check(problems: Problems, dataset: DatasetView): void {
    const fix = `give it a mode of its own in writeModes.${dataset.name}`;
    const allowed = ALLOWED[dataset.history];
    if (!allowed.includes(this.mode)) {
      problems.add(`writeMode of dataset ${dataset.name} must be ${allowed.join(' or ')} with history ${dataset.history}, got ${this.mode}; ${fix}`);
    }
    if (this.mode === 'merge' && dataset.primaryKey.length === 0) {
      problems.add(`writeMode merge needs a primary key, and dataset ${dataset.name} has none; ${fix}`);
    }
    const { newerBy } = this.options;
    if (newerBy !== undefined && !dataset.columns.some((column) => column.name === newerBy)) {
      problems.add(`newerBy must be a column, and dataset ${dataset.name} has none called ${JSON.stringify(newerBy)}; ${fix}`);
    }
  }
}
