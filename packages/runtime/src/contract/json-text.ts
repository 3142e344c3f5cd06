import type { ColumnType } from './contract';
import { duckdbText } from './duckdb-text';
import { quoteLiteral } from './quote-identifier';

const NULL = "'null'";

/**
 * A DuckDB expression: the JSON text of a typed value, for targets that hold objects and arrays as documents. NULL stays NULL.
 *
 * Numbers are JSON numbers with every digit that the value has. What JSON has no number for, or readers take for another, is a text: NaN,
 * both infinities, and -0.0. Times are ISO 8601, instants in UTC with Z; binary is base64. Every member is there, NULL as null.
 *
 * @param value repeated in the result: pass a reference
 */
export function jsonText(type: ColumnType, value: string): string {
  return `CASE WHEN ${value} IS NOT NULL THEN ${told(type, value, 0)} END`;
}

/** What a value that is not NULL is told as. */
function told(type: ColumnType, value: string, depth: number): string {
  switch (type.kind) {
    case 'object': {
      const members = type.members.map((member, index) => {
        const name = quoteLiteral(`${index === 0 ? '' : ','}${JSON.stringify(member.name)}:`);
        return `${name} || ${inside(member.type, `struct_extract(${value}, ${quoteLiteral(member.name)})`, depth)}`;
      });
      return `'{' || ${members.join(' || ')} || '}'`;
    }
    case 'array': return `'[' || array_to_string(list_transform(${value}, lambda j${depth}: ${inside(type.item.type, `j${depth}`, depth + 1)}), ',') || ']'`;
    case 'float': return `CASE WHEN isfinite(${value}) AND NOT (${value} = 0 AND signbit(${value})) THEN ${duckdbText({ type }, value)} ELSE ${quoted(duckdbText({ type }, value))} END`;
    case 'integer':
    case 'decimal':
    case 'boolean': return duckdbText({ type }, value);
    case 'timestamp': return quoted(type.zoned ? iso(`make_timestamp(epoch_us(${value}))`, 'Z') : iso(value, ''));
    default: return quoted(duckdbText({ type }, value));
  }
}

function inside(type: ColumnType, value: string, depth: number): string {
  return `CASE WHEN ${value} IS NULL THEN ${NULL} ELSE ${told(type, value, depth)} END`;
}

function quoted(text: string): string {
  return `CAST(to_json(${text}) AS VARCHAR)`;
}

function iso(value: string, zone: string): string {
  return `strftime(${value}, ${quoteLiteral(`%Y-%m-%dT%H:%M:%S.%f${zone}`)})`;
}
