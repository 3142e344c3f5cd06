import type { DatasetSpec } from '../_fixtures/contract-text';

/** A whole part, and how its batch ends, where that is not a matter of one record. */
export interface PartRow {
  readonly what: string;
  readonly spec: DatasetSpec;
  readonly part: string | Buffer;
  /** The code of the failure, by which nothing is published; or what is counted. */
  readonly ends: string | { readonly outcome: string; readonly kept: number; readonly rejected: Readonly<Record<string, number>> };
}

const id = { name: 'id', type: 'i32' };
const key = { name: 'id', type: '{ logicalType: integer, primaryKey: true }' };
const unique = { name: 'id', type: '{ logicalType: integer, unique: true }' };
const row = (what: string, record: string, part: PartRow['part'], ends: PartRow['ends'], column = id, custom?: DatasetSpec['custom']): PartRow => ({ what, spec: { columns: [column], record, custom }, part, ends });
const kept = (count: number, rejected: Record<string, number> = {}): PartRow['ends'] => ({ outcome: 'committed', kept: count, rejected });
const EMPTY: PartRow['ends'] = { outcome: 'empty', kept: 0, rejected: {} };

const XML = 'format: xml, recordsAt: /rows/row';
const JSON_ROWS = 'format: json, recordsAt: /rows';

export const PART_TABLE: readonly PartRow[] = [
  row('a key twice', 'format: csv', 'id\n1\n1\n', 'KEY', key),
  row('a key twice, once in quarantine', 'format: csv', 'id\n1\n01\n', kept(1, { TYPE: 1 }), key),
  row('a key twice, and a dedupe', 'format: csv', 'id\n1\n1\n', kept(2), key, { headraceDedupe: '{ orderBy: [{ column: id, direction: desc, nulls: last }], keep: first }' }),
  row('a unique value twice', 'format: csv', 'id\n1\n1\n', 'UNIQUE', unique),
  row('NULL twice in a unique column', 'format: ndjson', '{}\n{}\n', kept(2), unique),

  row('a csv file without bytes', 'format: csv', '', EMPTY),
  row('a csv file of its header', 'format: csv', 'id\n', EMPTY),
  row('a csv file that ends without a line end', 'format: csv', 'id\n1\n2', kept(2)),
  row('a csv file with a byte order mark', 'format: csv', '\ufeffid\n1\n', kept(1)),
  row('a file of bad records only', 'format: csv', 'id\nx\ny\n', kept(0, { TYPE: 2 })),
  row('more bad records than the threshold', 'format: csv', 'id\nx\ny\n', 'THRESHOLD', id, { headraceThreshold: '{ rows: 1 }' }),
  row('an ndjson file without bytes', 'format: ndjson', '', EMPTY),
  row('a file of UTF-16 without its mark', 'format: csv, encoding: utf-16', Buffer.from('id\n1\n', 'utf16le'), 'ENCODING'),

  row('a json document that is cut', JSON_ROWS, '{"rows": [{"id": 1}, {"id": 2', kept(0, { DOCUMENT: 1 })),
  row('a json document with a comma too many', JSON_ROWS, '{"rows": [{"id": 1},]}', kept(0, { DOCUMENT: 1 })),
  row('a json document with text behind it', JSON_ROWS, '{"rows": [{"id": 1}]} x', kept(0, { DOCUMENT: 1 })),
  row('a json document with an empty array', JSON_ROWS, '{"rows": []}', EMPTY),
  row('a json document without the place of records', JSON_ROWS, '{"row": [{"id": 1}]}', 'RECORDS_AT'),
  row('an xml document that is cut', XML, '<rows><row><id>1</id></row>', kept(0, { DOCUMENT: 1 })),
  row('an xml document with tags that do not match', XML, '<rows><row><id>1</idd></row></rows>', kept(0, { DOCUMENT: 1 })),
  row('an xml document with an entity of its own', XML, '<!DOCTYPE rows [<!ENTITY e "1">]><rows><row><id>&e;</id></row></rows>', kept(0, { DOCUMENT: 1 })),
  row('an xml document without records', XML, '<rows/>', EMPTY),
  row('an xml document with other elements than records', XML, '<rows><none/></rows>', 'RECORDS_AT'),
  row('an xml document with other elements than records, where that is no fault', `${XML}, noRecords: empty`, '<rows><none/></rows>', EMPTY),
];
