import { aType, NO_KEY } from './check-columns';
import type { Column, QualityRule } from '../contract';
import { typeName } from '../engine-types';
import type { MapReader } from './map-reader';
import { isNested } from '../nested-type';
import { duplicateColumns, isOfOneRecord } from '../quality-metrics';

/** A rule, and where it stands. */
export interface ParsedRule {
  readonly rule: QualityRule;
  readonly reader: MapReader;
}

/** Checks what spans the rules of a dataset: their names, and the columns that they compare. */
export function checkQuality(parsed: readonly ParsedRule[], columns: readonly Column[]): QualityRule[] {
  const seen = new Map<string, MapReader>();
  for (const { rule, reader } of parsed) {
    const first = seen.get(rule.id);
    if (first !== undefined) {
      reader.problem(reader.has('id') ? 'id' : 'name', { rule: 'duplicate-name', value: JSON.stringify(rule.id), message: `another rule of this dataset has this name (line ${first.at().line})`, fix: 'rename one of them' });
    }
    seen.set(rule.id, reader);
    const subject = columns.find(({ name }) => name === rule.column);
    if (subject?.computed !== undefined && isOfOneRecord(rule)) {
      reader.problem('metric', { rule: 'quality-computed', value: rule.metric, message: `${rule.metric} looks at the text of the record, and ${subject.name} is computed`, fix: 'move the rule to a column that it is computed from, or write an sql rule' });
    }
    if (subject !== undefined && isNested(subject.type) && (rule.metric === 'missingValues' || rule.metric === 'invalidValues')) {
      reader.problem('metric', { rule: 'quality-nested', value: rule.metric, message: `${rule.metric} looks at a text, and ${subject.name} is an ${subject.type.kind}`, fix: 'write nullValues or an sql rule, or move the rule to a column of a value inside' });
    }
    if (rule.metric === 'sql' && subject?.mask?.method === 'drop') {
      reader.problem('query', { rule: 'quality-mask', value: 'drop', message: `sql sees what is stored, and ${subject.name} is dropped`, fix: 'write a library metric, which sees the value of the record, or leave the rule out' });
    }
    if (rule.metric === 'duplicateValues') checkCompared(rule, reader, columns);
  }
  return parsed.map(({ rule }) => rule);
}

function checkCompared(rule: QualityRule, reader: MapReader, columns: readonly Column[]): void {
  for (const name of duplicateColumns(rule)) {
    const column = columns.find((candidate) => candidate.name === name);
    if (column === undefined) {
      // A column whose own name or type is wrong was reported there.
      if (name !== rule.column) reader.problem('arguments', { rule: 'unknown-column', value: JSON.stringify(name), message: 'no column has this name', fix: `use some of ${columns.map((candidate) => candidate.name).join(', ')}` });
    } else if (NO_KEY.includes(column.type.kind)) {
      reader.problem('metric', { rule: 'key-type', value: typeName(column.type), message: `${name}: duplicates of ${aType(column.type)} cannot be told alike by every engine`, fix: 'compare a string, integer, decimal, date, timestamp or uuid column' });
    }
  }
}
