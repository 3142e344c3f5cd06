import type { DeleteLimitProps, LoadDeletes } from './load-deletes';
import { checkLimit, limitSettings } from './private/delete-limit';
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

  /**
   * Which rows of the table are removed.
   *
   * @default LoadDeletes.none()
   */
  readonly deletes?: LoadDeletes;
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

/** What `WriteMode.replacePartitions` replaces. The limit is of the rows by which all partitions of a batch become fewer. */
export interface ReplacePartitionsProps extends DeleteLimitProps {
  /**
   * Columns whose values make a partition: strings, integers, booleans or dates of the contract.
   *
   * @default - the contract's partition columns
   */
  readonly columns?: string[];
}

/** Which modes keep the meaning of a history; the run time has the same table, and a test compares them. */
const ALLOWED: Record<DatasetView['history'], string[]> = {
  append: ['append', 'merge', 'partitions'],
  snapshot: ['replace', 'merge', 'partitions'],
  changes: ['merge'],
};

const PARTITION_TYPES = ['string', 'integer', 'boolean', 'date'];

interface ModeOptions {
  readonly newerBy?: string;
  readonly allowEmpty?: boolean;
  readonly deletes?: LoadDeletes;
  readonly partitions?: ReplacePartitionsProps;
}

/** How the rows of a batch become rows of a table. They become visible together. */
export class WriteMode {
  /** Rows whose primary key is there are updated, others inserted. Fits every history; needs a primary key. */
  static merge(props: MergeProps = {}): WriteMode {
    return new WriteMode('merge', { newerBy: props.newerBy, deletes: props.deletes });
  }

  /** All rows are inserted. Fits datasets with the history `append`. */
  static append(): WriteMode {
    return new WriteMode('append', {});
  }

  /** The batch takes the place of all rows. Fits datasets with the history `snapshot`. */
  static replace(props: ReplaceProps = {}): WriteMode {
    return new WriteMode('replace', { allowEmpty: props.allowEmpty });
  }

  /**
   * The batch takes the place of the rows that have the same values in the partition columns as one of its own; all other rows
   * stay. Fits datasets with the history `append` or `snapshot` whose batches hold each of their partitions whole.
   *
   * An older batch that comes late does not touch a partition that a later one has written.
   */
  static replacePartitions(props: ReplacePartitionsProps = {}): WriteMode {
    return new WriteMode('partitions', { partitions: props });
  }

  private constructor(private readonly mode: string, private readonly options: ModeOptions) {}

  /** @internal */
  _settings(dataset: DatasetView): Record<string, unknown> {
    const { newerBy, allowEmpty, deletes, partitions } = this.options;
    const { columns } = partitions ?? {};
    return {
      mode: this.mode, newerBy, allowEmpty,
      ...(columns === undefined ? {} : { partitionBy: columns }), ...limitSettings(partitions ?? {}), ...deletes?._settings(dataset),
    };
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
    const { newerBy, deletes, partitions } = this.options;
    if (newerBy !== undefined && !dataset.columns.some((column) => column.name === newerBy)) {
      problems.add(`newerBy must be a column, and dataset ${dataset.name} has none called ${JSON.stringify(newerBy)}; ${fix}`);
    }
    deletes?._check(problems, dataset, newerBy);
    if (partitions !== undefined) checkPartitions(problems, dataset, partitions, fix);
  }
}

function checkPartitions(problems: Problems, dataset: DatasetView, props: ReplacePartitionsProps, fix: string): void {
  const { columns = dataset.partitionColumns } = props;
  checkLimit(problems, props);
  if (columns.length === 0) problems.add(`replacePartitions needs columns, and dataset ${dataset.name} has no partition columns; name them in columns, or ${fix}`);
  if (new Set(columns).size < columns.length) problems.add(`columns of replacePartitions must be named once each, got ${columns.join(', ')}`);
  for (const name of columns) {
    const type = dataset.columns.find((column) => column.name === name)?.type.kind;
    if (type === undefined) problems.add(`columns of replacePartitions must be columns, and dataset ${dataset.name} has none called ${JSON.stringify(name)}; ${fix}`);
    else if (!PARTITION_TYPES.includes(type)) problems.add(`partition column ${name} of dataset ${dataset.name} must be a string, integer, boolean or date, got ${type}`);
  }
}
