import type { ColumnType, Dataset, DerivedColumn, SchemaPolicy } from '../contract';
import { derivedColumns } from '../derived-columns';
import { typeName } from '../engine-types';

/** A difference between the columns that a manifest carries and those of a contract. */
export interface ColumnDifference {
  readonly column: string;
  readonly rule: 'missing-column' | 'extra-column' | 'type' | 'nullable';
  readonly message: string;
  readonly fix: string;
  /** `error` stops the stage under the policy; `allowed` is reported and passes. */
  readonly severity: 'error' | 'allowed';
}

/**
 * Compares what a manifest carries with what a stage's own contract says.
 *
 * - `strict`: any difference is an error.
 * - `evolve`: a new nullable column reads as NULL, a wider type takes narrower values, and a required column may have
 *   become nullable.
 * - `permissive`: as `evolve`, and columns that the contract does not know are left out.
 */
export function compareColumns(
  manifest: readonly DerivedColumn[], dataset: Dataset, policy: SchemaPolicy = dataset.schemaPolicy,
): ColumnDifference[] {
  const found: ColumnDifference[] = [];
  const own = derivedColumns(dataset);
  const add = (column: string, rule: ColumnDifference['rule'], message: string, fix: string, allowedFrom: SchemaPolicy | 'never'): void => {
    found.push({ column, rule, message: `${dataset.name}.${column}: ${message}`, fix, severity: allows(policy, allowedFrom) ? 'allowed' : 'error' });
  };
  for (const column of own) {
    const carried = manifest.find(({ name }) => name === column.name);
    if (carried === undefined) {
      add(column.name, 'missing-column', 'the data was written before the contract had it', column.nullable
        ? 'set headraceSchemaPolicy: evolve to read it as NULL, or curate the data again'
        : 'curate the data again with this contract, or make the column nullable', column.nullable ? 'evolve' : 'never');
      continue;
    }
    if (!sameType(carried.type, column.type)) {
      const wider = widens(carried.type, column.type);
      add(column.name, 'type', `the data has ${typeName(carried.type)}, the contract ${typeName(column.type)}`, wider
        ? 'set headraceSchemaPolicy: evolve to widen the values, or curate the data again'
        : 'curate the data again with this contract', wider ? 'evolve' : 'never');
    }
    if (carried.nullable && !column.nullable) {
      add(column.name, 'nullable', 'the data may hold NULL, the contract requires a value', 'curate the data again with this contract, or drop required', 'never');
    } else if (!carried.nullable && column.nullable) {
      add(column.name, 'nullable', 'the data has no NULL, the contract allows it', 'set headraceSchemaPolicy: evolve', 'evolve');
    }
  }
  for (const { name } of manifest.filter((column) => !own.some((mine) => mine.name === column.name))) {
    add(name, 'extra-column', 'the data has it, the contract does not', 'add it to the contract, or set headraceSchemaPolicy: permissive to leave it out', 'permissive');
  }
  return found;
}

/** Whether every value of `from` is, unchanged, a value of `to`. */
export function widens(from: ColumnType, to: ColumnType): boolean {
  if (from.kind === 'string' && to.kind === 'string') return to.length === undefined || (from.length !== undefined && from.length <= to.length);
  if (from.kind === 'integer' && to.kind === 'integer') {
    if (Boolean(from.unsigned) === Boolean(to.unsigned)) return from.bits <= to.bits;
    return Boolean(from.unsigned) && from.bits < to.bits;
  }
  if (from.kind === 'integer' && to.kind === 'decimal') return integerDigits(from.bits, from.unsigned ?? false) <= to.precision - to.scale;
  if (from.kind === 'decimal' && to.kind === 'decimal') return from.scale <= to.scale && from.precision - from.scale <= to.precision - to.scale;
  if (from.kind === 'float' && to.kind === 'float') return from.bits <= to.bits;
  return sameType(from, to);
}

function sameType(a: ColumnType, b: ColumnType): boolean {
  return typeName(a) === typeName(b);
}

function integerDigits(bits: 8 | 16 | 32 | 64, unsigned: boolean): number {
  return { 8: 3, 16: 5, 32: 10, 64: unsigned ? 20 : 19 }[bits];
}

function allows(policy: SchemaPolicy, from: SchemaPolicy | 'never'): boolean {
  const order: readonly SchemaPolicy[] = ['strict', 'evolve', 'permissive'];
  return from !== 'never' && order.indexOf(policy) >= order.indexOf(from);
}
