import { checkLimit, limitSettings } from './private/delete-limit';
import type { DatasetView } from './private/stage/contract-file';
import type { Problems } from './private/stage/fail';

/**
 * How many rows of a table one commit may take away. A commit beyond that fails with `TARGET_DELETES`, nothing of it is visible, and the
 * message says how an operator allows it once.
 */
export interface DeleteLimitProps {
  /**
   * Per cent of the rows that the table has: more than 0, at most 100, which is no limit.
   *
   * @default - 20, unless `maxDeleteRows` is given
   */
  readonly maxDeletePercent?: number;

  /**
   * Rows, from 0. With `maxDeletePercent` both limits hold.
   *
   * @default - no limit in rows
   */
  readonly maxDeleteRows?: number;
}

/** Which rows of a batch mark their key as deleted. */
export interface DeleteMarkerProps extends DeleteLimitProps {
  /** Column of the contract that marks a row: a string, boolean or integer, such as `op`. A row in which it is NULL is no delete. */
  readonly column: string;

  /**
   * Values of the column that mark a row as deleted, as texts. Upper and lower case differ.
   *
   * @default - `D` of a string, `true` of a boolean, `1` of an integer
   */
  readonly values?: string[];
}

/** Which deletes fit a history; the run time has the same table, and a test compares them. None always fit. */
const ALLOWED: Record<DatasetView['history'], string[]> = { append: [], snapshot: ['absentFromSnapshot'], changes: ['marker'] };

const MARKER_VALUES: Record<string, string> = { string: 'D', boolean: 'true', integer: '1' };

/** Which rows of the table a merge removes. */
export class LoadDeletes {
  /** No row is ever removed. */
  static none(): LoadDeletes {
    return new LoadDeletes('none', {});
  }

  /**
   * A row that bears the mark removes the row of its key. Fits datasets with the history `changes`.
   *
   * With `newerBy` an older mark does nothing, and the keys of removed rows are kept in the ledger's schema, so that an older
   * row that comes late does not bring one back.
   */
  static marker(props: DeleteMarkerProps): LoadDeletes {
    return new LoadDeletes('marker', props);
  }

  /** Rows whose key the newest snapshot does not have are removed. Fits datasets with the history `snapshot`. */
  static absentFromSnapshot(props: DeleteLimitProps = {}): LoadDeletes {
    return new LoadDeletes('absentFromSnapshot', props);
  }

  private constructor(private readonly kind: string, private readonly props: DeleteLimitProps & Partial<DeleteMarkerProps>) {}

  /** @internal */
  _settings(dataset: DatasetView): Record<string, unknown> {
    if (this.kind === 'none') return {};
    const { column, values } = this.props;
    const type = typeOf(dataset, column);
    const marker = { column, values: values ?? (type === undefined ? undefined : [MARKER_VALUES[type]]) };
    return { deletes: { kind: this.kind, ...(this.kind === 'marker' ? marker : {}) }, ...limitSettings(this.props) };
  }

  /** @internal */
  _check(problems: Problems, dataset: DatasetView, newerBy: string | undefined): void {
    if (this.kind === 'none') return;
    checkLimit(problems, this.props);
    const allowed = ALLOWED[dataset.history];
    if (!allowed.includes(this.kind)) {
      problems.add(`deletes of dataset ${dataset.name} must be ${['none', ...allowed].join(' or ')} with history ${dataset.history}, got ${this.kind}; leave deletes out, or change headraceHistory`);
    } else if (this.kind === 'marker') this.checkMarker(problems, dataset, newerBy);
  }

  private checkMarker(problems: Problems, dataset: DatasetView, newerBy: string | undefined): void {
    const { column, values = [] } = this.props;
    const type = typeOf(dataset, column);
    if (type === undefined) problems.add(`the marker of deletes must be a column, and dataset ${dataset.name} has none called ${JSON.stringify(column)}`);
    else if (MARKER_VALUES[type] === undefined) problems.add(`marker column ${column} of dataset ${dataset.name} must be a string, boolean or integer, got ${type}`);
    else {
      for (const value of values.filter((text) => !isValueOf(type, text))) {
        problems.add(`marker value ${JSON.stringify(value)} is no ${type}, which column ${column} of dataset ${dataset.name} holds; give values such as ${JSON.stringify(MARKER_VALUES[type])}`);
      }
    }
    if (this.props.values !== undefined && (values.length === 0 || new Set(values).size < values.length)) problems.add(`values of the marker must be one or more, each once, got ${JSON.stringify(values)}`);
    if (newerBy !== undefined && dataset.primaryKey.includes(newerBy)) problems.add(`newerBy column ${newerBy} of dataset ${dataset.name} must not be part of the key: a delete could never be newer than its row`);
  }
}

function typeOf({ columns }: DatasetView, name: string | undefined): string | undefined {
  return columns.find((column) => column.name === name)?.type.kind;
}

function isValueOf(type: string, value: string): boolean {
  if (type === 'boolean') return value === 'true' || value === 'false';
  return type === 'integer' ? /^-?\d{1,18}$/.test(value) : !value.includes('\0');
}
