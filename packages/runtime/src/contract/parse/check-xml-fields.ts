import type { ParsedColumn } from './parse-column';
import { XML_FIELD } from '../xml-name';

/** Checks where the columns of XML come from: a path that no record could have is said now. */
export function checkXmlFields(columns: readonly ParsedColumn[]): void {
  const fields = columns.map((item) => ({ item, field: item.column.source.field ?? '' }));
  for (const { item: { column, reader }, field } of fields) {
    if (!XML_FIELD.test(field)) {
      reader.problem(undefined, {
        rule: 'source', value: `field ${JSON.stringify(field)}`, message: `${column.name} names no field of an XML record`,
        fix: 'write headraceSource: { field: … } with name or a/b for an element, @name or a/@name for an attribute, or "." for the text of the record itself',
      });
      continue;
    }
    const inner = fields.find((other) => isInside(other.field, field));
    if (inner === undefined) continue;
    reader.problem(undefined, {
      rule: 'source', value: `field ${JSON.stringify(field)}`, message: `${column.name} is the text of an element in which ${inner.item.column.name} is an element`, fix: 'an element holds text or elements: read one of the two',
    });
  }
}

/** Whether a field needs an element inside of that of another; an attribute of the same element stands beside its text. */
function isInside(field: string, other: string): boolean {
  const rest = other === '.' ? field : field.startsWith(`${other}/`) ? field.slice(other.length + 1) : '';
  return rest !== '' && rest !== '.' && !rest.startsWith('@');
}
