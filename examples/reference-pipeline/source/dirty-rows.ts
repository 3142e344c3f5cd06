/**
 * The records that `write-data` plants among the clean ones, and what must become of each.
 *
 * This list is published: the tests read it and assert every code, and the demo shows it beside what was found.
 * A record that breaks two rules is listed under the first rule that the kernel checks.
 */
export interface DirtyRow {
  /** The record follows this many clean ones. */
  readonly afterRecords: number;
  /** The bytes of the record, without its newline, as latin-1 text so that a broken UTF-8 byte can be written down. */
  readonly bytes: string;
  /** The reject code that the quarantine must show. */
  readonly code: string;
  readonly why: string;
}

const id = (n: number) => `F9${String(n).padStart(6, '0')}`;

function record(n: number, change: Record<number, string> = {}): string {
  const fields = [
    id(n), '2001-03-04', '2001-03', '2001-03-04 10:20:00', '12', '733', 'ORD', 'LGA',
    'Chicago', 'New York', '41.979595', '-87.904464', '2001-07-02T00:00:00Z',
  ];
  return fields.map((field, position) => change[position] ?? field).join(',');
}

export const DIRTY_ROWS: readonly DirtyRow[] = [
  { afterRecords: 0, bytes: record(1, { 4: 'late' }), code: 'TYPE', why: 'delay_minutes is a word; it is the first record of the file' },
  { afterRecords: 100, bytes: `${id(2)},2001-03-04,2001-03`, code: 'FIELDS', why: 'three fields instead of thirteen' },
  { afterRecords: 101, bytes: `${record(3)},extra`, code: 'FIELDS', why: 'fourteen fields instead of thirteen' },
  { afterRecords: 5_000, bytes: record(4, { 8: 'Chi"cago' }), code: 'QUOTE', why: 'a quote inside an unquoted field' },
  { afterRecords: 5_001, bytes: record(5, { 9: '"New York' }), code: 'QUOTE', why: 'a quoted field that never ends: it must not swallow the next record' },
  { afterRecords: 9_999, bytes: record(6, { 4: '1.5' }), code: 'TYPE', why: 'a fraction where an integer belongs; a lenient cast makes it 2' },
  { afterRecords: 20_000, bytes: record(7, { 1: '2001-02-30' }), code: 'TYPE', why: 'a day that does not exist; a lenient parser makes it March 2nd' },
  { afterRecords: 20_001, bytes: record(8, { 1: '2001-03-04 junk' }), code: 'TYPE', why: 'junk after a date; a lenient cast drops it' },
  { afterRecords: 60_000, bytes: record(9, { 4: '99999' }), code: 'RANGE', why: 'delay_minutes above its maximum' },
  { afterRecords: 60_000, bytes: record(10, { 5: '-7' }), code: 'RANGE', why: 'distance_miles below zero' },
  { afterRecords: 100_000, bytes: record(11, { 6: 'ord' }), code: 'PATTERN', why: 'an airport code in lower case' },
  { afterRecords: 100_001, bytes: record(12, { 0: '' }), code: 'REQUIRED', why: 'the primary key is missing' },
  { afterRecords: 200_000, bytes: record(13, { 8: 'S\xe3o Paulo' }), code: 'ENCODING', why: 'latin-1 bytes in a UTF-8 file' },
  { afterRecords: 200_001, bytes: record(14, { 10: '41.97959512' }), code: 'SCALE', why: 'more decimal places than decimal(9,6) holds; a lenient cast rounds them away' },
  { afterRecords: 300_000, bytes: record(15, { 4: '2147483648' }), code: 'RANGE', why: 'one more than a 32-bit integer holds' },
  { afterRecords: 300_001, bytes: record(16, { 3: '2001-03-04T10:20:00+02:00' }), code: 'TYPE', why: 'an offset on a zoneless column; a lenient cast drops it' },
  { afterRecords: 400_000, bytes: record(17, { 8: 'Chi\rcago' }), code: 'LINE_END', why: 'a bare carriage return inside a record' },
  { afterRecords: Infinity, bytes: record(18, { 1: '' }), code: 'REQUIRED', why: 'no date; it is the last record of the file' },
];

/**
 * Clean records that repeat an earlier flight with an older `updated_at`: they are kept by the kernel and
 * deduplicated by Shape, so that every term of the balance is exercised.
 */
export const DUPLICATES = 25;
