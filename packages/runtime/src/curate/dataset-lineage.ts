import { asRecorded, type Column, type Dataset } from '../contract';
import type { Expression } from '../contract/expression/expression';
import { inputFields, type ColumnLineage, type Transformation } from '../lineage/column-lineage';

interface Use {
  readonly field: string;
  readonly transformation: Transformation;
}

/** What each curated column is made of, by the fields of its source. Columns that are found by position have no field to name. */
export function datasetLineage(dataset: Dataset): ColumnLineage {
  const recorded = new Map(asRecorded(dataset).columns.map((column) => [column.name, column]));
  const columns = dataset.columns.flatMap(({ name }) => {
    const column = recorded.get(name)!;
    const fields = inputFields(ofColumn(column, recorded).map((use) => masked(use, column)));
    return fields.length === 0 ? [] : [[name, fields] as const];
  });
  const filtered = dataset.filter === undefined ? [] : ofExpression(dataset.filter, recorded).map(({ field }) => ({ field, transformation: FILTER }));
  return { columns: new Map(columns), rows: inputFields(filtered) };
}

/** Every column of itself, as a compaction leaves it. */
export function sameColumns({ columns }: Dataset): ColumnLineage {
  return { columns: new Map(columns.map(({ name }) => [name, inputFields([{ field: name, transformation: IDENTITY }])])), rows: [] };
}

const IDENTITY: Transformation = { type: 'DIRECT', subtype: 'IDENTITY' };
const TRANSFORMATION: Transformation = { type: 'DIRECT', subtype: 'TRANSFORMATION' };
const CONDITIONAL: Transformation = { type: 'INDIRECT', subtype: 'CONDITIONAL' };
const FILTER: Transformation = { type: 'INDIRECT', subtype: 'FILTER' };

function ofColumn({ source, computed }: Column, columns: ReadonlyMap<string, Column>): Use[] {
  if (computed !== undefined) return ofExpression(computed, columns);
  const field = source.field ?? source.path;
  return field === undefined ? [] : [{ field, transformation: IDENTITY }];
}

function ofExpression(expression: Expression, columns: ReadonlyMap<string, Column>): Use[] {
  switch (expression.node) {
    case 'column': return ofColumn(columns.get(expression.name)!, columns);
    case 'literal':
    case 'null': return [];
    case 'widen': return ofExpression(expression.of, columns);
    case 'call': return expression.args.flatMap((arg, index) => {
      const uses = ofExpression(arg, columns);
      if (isCondition(expression, index)) return uses.map(({ field }) => ({ field, transformation: CONDITIONAL }));
      return uses.map((use) => computedFrom(use));
    });
  }
}

/** Arguments of CASE are pairs of WHEN and THEN, and what stands after ELSE. */
function isCondition({ name, args }: Extract<Expression, { node: 'call' }>, index: number): boolean {
  return name === 'CASE' && index % 2 === 0 && index < args.length - 1;
}

function computedFrom({ field, transformation }: Use): Use {
  return { field, transformation: transformation.type === 'DIRECT' ? TRANSFORMATION : transformation };
}

/** Of a mask nothing of the value is left, whatever stands in its place. */
function masked({ field, transformation }: Use, { mask }: Column): Use {
  if (mask === undefined) return { field, transformation };
  return { field, transformation: { ...computedFrom({ field, transformation }).transformation, masking: true } };
}
