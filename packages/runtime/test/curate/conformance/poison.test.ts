import { RowsBench, type Quarantined } from '../_fixtures/rows-bench';

/**
 * Records that cannot be read, at the places where a reader is most likely to err.
 *
 * Of lines, a poisoned one costs itself alone. In documents of JSON and XML a record that does not fit costs itself alone too, and one that is
 * malformed costs the document, since nothing says where the next begins: part-table.ts has both ends of that.
 */
const ROWS = 200;
/** Blocks and segments of some twenty rows, so that poison stands at the edges of all. */
const SMALL = { blockBytes: 512, segmentBytes: 2_048 };

const COLUMNS = [{ name: 'id', type: 'i32' }, { name: 'note', type: 'string' }];

interface Lines {
  readonly record: string;
  readonly columns?: typeof COLUMNS;
  readonly head: string;
  readonly good: (id: number) => string;
  /** Poison, with its code: in the framing, and in a value. */
  readonly bad: readonly (readonly [record: (id: number) => string | Buffer, code: string])[];
}

const FORMATS: Readonly<Record<string, Lines>> = {
  csv: {
    record: 'format: csv', head: 'id,note\n', good: (id) => `${id},"row ${id}, whole"`,
    bad: [
      [(id) => `${id},"open`, 'QUOTE'],
      [(id) => `${id},x,y`, 'FIELDS'],
      [() => '', 'FIELDS'],
      [(id) => `x${id},y`, 'TYPE'],
      [(id) => Buffer.from(`${id},\xff`, 'latin1'), 'ENCODING'],
      [(id) => `${id},${'x'.repeat(700)}`, 'RECORD_SIZE'],
    ],
  },
  'csv, multiline': {
    record: 'format: csv, multiline: true', head: 'id,note\n', good: (id) => `${id},"row ${id},\nwhole"`,
    bad: [
      [(id) => `${id},"x"y`, 'QUOTE'],
      [(id) => `${id},"x"y"\n"`, 'QUOTE'],
      [(id) => `${id},x,y`, 'FIELDS'],
      [(id) => `x${id},"\n"`, 'TYPE'],
      [(id) => Buffer.from(`${id},"\n\xff"`, 'latin1'), 'ENCODING'],
    ],
  },
  ndjson: {
    record: 'format: ndjson', head: '', good: (id) => `{"id": ${id}, "note": "row ${id}"}`,
    bad: [
      [(id) => `{"id": ${id}, "note": "open`, 'JSON'],
      [() => '', 'JSON'],
      [(id) => `{"id": ${id}.5}`, 'TYPE'],
      [(id) => Buffer.from(`{"id": ${id}, "note": "\xff"}`, 'latin1'), 'ENCODING'],
      [(id) => `{"note": "${'x'.repeat(700)}", "id": ${id}}`, 'RECORD_SIZE'],
    ],
  },
  'ndjson with arrays of objects': {
    record: 'format: ndjson', head: '', good: (id) => `{"id": ${id}, "note": [{"n": ${id}}, {"n": null}, {}]}`,
    columns: [{ name: 'id', type: 'i32' }, { name: 'note', type: '{ logicalType: array, items: { logicalType: object, properties: [{ name: n, logicalType: integer }] } }' }],
    bad: [
      [(id) => `{"id": ${id}, "note": [{"n": 1}, {"n": "open`, 'JSON'],
      [(id) => `{"id": ${id}, "note": [{"n": 1}, {"n": 1, "n": 2}]}`, 'JSON'],
      [(id) => `{"id": ${id}, "note": [{"n": 1}, [2]]}`, 'JSON'],
      [(id) => `{"id": ${id}, "note": [{"n": 1}, {"n": 1.5}]}`, 'TYPE'],
      [(id) => `{"id": ${id}, "note": [${'{}, '.repeat(200)}{}]}`, 'RECORD_SIZE'],
    ],
  },
};

const PLACES: Readonly<Record<string, (row: number) => boolean>> = {
  one: (row) => row === 107,
  'one in each block': (row) => row % 20 === 7,
  'the first': (row) => row === 0,
  'the last': (row) => row === ROWS - 1,
  'two in a row': (row) => row === 100 || row === 101,
  'every second': (row) => row % 2 === 0,
  all: () => true,
};

let bench: RowsBench;
beforeAll(async () => { bench = await RowsBench.start(); });
afterAll(async () => { await bench.close(); });

test.each(Object.keys(FORMATS).flatMap((format) => Object.keys(PLACES).map((place) => [place, format] as const)))('%s of the records of %s is poison, and costs itself alone', async (place, format) => {
  const { record, columns = COLUMNS, head, good, bad } = FORMATS[format]!;
  const pieces = [Buffer.from(head)];
  const kept: string[] = [];
  const rejects: Omit<Quarantined, 'reason' | 'column'>[] = [];
  let [offset, line, poison] = [head.length, head === '' ? 1 : 2, 0];
  for (let row = 0; row < ROWS; row++) {
    const [write, code] = PLACES[place]!(row) ? bad[poison++ % bad.length]! : [good, undefined];
    const bytes = Buffer.from(write(row));
    if (code === undefined) kept.push(String(row));
    else rejects.push({ code, offset, line, raw: bytes.subarray(0, 512) });
    pieces.push(bytes, Buffer.from('\n'));
    offset += bytes.length + 1;
    line += bytes.toString('latin1').split('\n').length;
  }
  const { rows, quarantine } = await bench.curate({ columns, record: `${record}, maxRecordBytes: 512` }, Buffer.concat(pieces), SMALL);
  expect(rows.map(([id]) => id)).toEqual(kept);
  expect(quarantine.map(({ code, offset: at, line: number, raw }) => ({ code, offset: at, line: number, raw }))).toEqual(rejects);
});

describe('a quote that is not closed, where fields hold line ends', () => {
  const lines = Array.from({ length: 30 }, (_, id) => `${id},row`);
  const curate = (open: readonly number[], maxRecordBytes: number) => {
    const text = lines.map((line, id) => (open.includes(id) ? `${id},"open` : line)).join('\n');
    return bench.curate({ columns: COLUMNS, record: `format: csv, multiline: true, header: none, maxRecordBytes: ${maxRecordBytes}` }, `${text}\n`, { blockBytes: 64 });
  };

  test('takes the records with it up to the next quote, in one reject that holds them, and none behind', async () => {
    const { rows, quarantine } = await curate([10, 14], 512);
    expect(rows.map(([id]) => id)).toEqual(lines.map((_, id) => String(id)).filter((id) => Number(id) < 10 || Number(id) > 14));
    expect(quarantine.map(({ code, line, raw }) => [code, line, raw.toString()])).toEqual([['QUOTE', 11, '10,"open\n11,row\n12,row\n13,row\n14,"open']]);
  });

  test('takes the rest of the part where no quote follows, as far as a record may be long', async () => {
    const { rows, quarantine } = await curate([10], 512);
    expect(rows.map(([id]) => id)).toEqual(lines.slice(0, 10).map((_, id) => String(id)));
    expect(quarantine.map(({ code, line, raw }) => [code, line, raw.toString()])).toEqual([['QUOTE', 11, `10,"open\n${lines.slice(11).join('\n')}\n`]]);
  });

  test('fails the part where that is longer than a record may be: nothing is guessed', async () => {
    await expect(curate([10], 64)).rejects.toMatchObject({ code: 'RECORD_OPEN', facts: { line: 11, maxRecordBytes: 64 } });
  });
});
