import * as fc from 'fast-check';
import type { DatasetSpec } from '../_fixtures/contract-text';
import { RowsBench } from '../_fixtures/rows-bench';

const FIELDS = [{ name: 'a', start: 1, length: 4 }, { name: 'n', start: 7, length: 5 }, { name: 'filler', start: 12, length: 2 }, { name: 'z', start: 14, length: 2 }];
const COLUMNS = [{ name: 'z', type: 'string' }, { name: 'a', type: 'string' }, { name: 'n', type: 'decimal(10,2)' }];
const spec = (more = ''): DatasetSpec => ({
  columns: COLUMNS, record: `format: fixed-width, fields: [${FIELDS.map(({ name, start, length }) => `{ name: ${name}, start: ${start}, length: ${length} }`).join(', ')}]${more}`,
});

describe('records of fixed width', () => {
  let bench: RowsBench;

  beforeAll(async () => { bench = await RowsBench.start(); });
  afterAll(async () => { await bench.close(); });

  test('takes fields by name, without their padding, and what is empty as NULL', async () => {
    const { rows, quarantine } = await bench.curate(spec(), ['ab--xx 1.50??zz', 'é😀 ,xx12   ??"\n', '    xx     ??  '].join('\n'));
    expect(quarantine.map(({ code, line }) => [code, line])).toEqual([['FIELDS', 2], ['FIELDS', 3]]);
    expect(rows).toEqual([['zz', 'ab--', '1.50'], [null, null, null]]);
  });

  test.each([['none', [' "', ' a\t ']], ['left', ['"', 'a\t ']], ['right', [' "', ' a\t']], ['both', ['"', 'a\t']]])('trim: %s', async (trim, row) => {
    const { rows } = await bench.curate({ ...spec(`, trim: ${trim}`), columns: COLUMNS.slice(0, 2) }, ' a\t xx    1?? "\r\n');
    expect(rows).toEqual([row]);
  });

  test('takes fields that overlap, of a record that is as long as may be', async () => {
    const fields = Array.from({ length: 8 }, (_, field) => ({ name: `f${field}`, start: 1, length: 64 }));
    const { rows } = await bench.curate({
      columns: fields.map(({ name }) => ({ name, type: 'string' })),
      record: `format: fixed-width, maxRecordBytes: 64, fields: [${fields.map(({ name, start, length }) => `{ name: ${name}, start: ${start}, length: ${length} }`).join(', ')}]`,
    }, `${'"'.repeat(64)}\n`);
    expect(rows).toEqual([fields.map(() => '"'.repeat(64))]);
  });

  test('takes other texts for NULL after trimming', async () => {
    expect((await bench.curate(spec(', nullTokens: ["-", "9999"]'), '9999xx   - ??  \n')).rows).toEqual([['', null, null]]);
  });

  const GOOD = 'é   xx 1   ??zz';
  const BAD: [line: string | Buffer, code: string][] = [
    ['', 'FIELDS'], [GOOD.slice(0, -1), 'FIELDS'], [`${GOOD} `, 'FIELDS'], [GOOD.replace('é', 'e\u0301'), 'FIELDS'], [GOOD.replace('1', 'x'), 'TYPE'], [GOOD.replace('é', '\r'), 'LINE_END'],
    [GOOD.replace('é', '\0'), 'ENCODING'], [Buffer.from(GOOD, 'latin1'), 'ENCODING'], ['y'.repeat(100), 'RECORD_SIZE'],
  ];

  test.each([1 << 20, 130])('puts every bad line into quarantine, byte for byte, in blocks of %d bytes', async (blockBytes) => {
    const source = Buffer.concat(BAD.flatMap(([line]) => [Buffer.from(line), Buffer.from(`\r\n${GOOD}\n`)]));
    const { rows, quarantine, result } = await bench.curate(spec(', maxRecordBytes: 64'), source, { blockBytes, segmentBytes: 60 });
    expect(rows).toEqual(BAD.map(() => ['zz', 'é', '1.00']));
    const expected = BAD.map(([line, code], index) => [code, Buffer.from(line).subarray(0, 64), 2 * index + 1]);
    expect(quarantine.map(({ code, raw, line }) => [code, raw, line])).toEqual(expected);
    for (const { raw, offset } of quarantine) expect(source.subarray(offset, offset + raw.length)).toEqual(raw);
    expect(result.counts).toEqual({ parsed: 2 * BAD.length, kept: BAD.length, rejected: BAD.length });
  });

  test('pads lines that end early, where the contract says so', async () => {
    const { rows, quarantine } = await bench.curate(spec(', shortRecords: pad'), ['ab', 'abcdxx12', '', `${GOOD}x`, GOOD].join('\n'));
    expect(rows).toEqual([[null, 'ab', null], [null, 'abcd', '12.00'], ['zz', 'é', '1.00']]);
    expect(quarantine).toMatchObject([{ code: 'FIELDS', line: 3, reason: '0 characters, expected 15' }, { code: 'FIELDS', line: 4, reason: '16 characters, expected 15' }]);
  });

  test('counts characters of the encoding', async () => {
    expect((await bench.curate(spec(', encoding: utf-16le'), Buffer.from('😀é   xx 1   ??zz\n', 'utf16le'))).quarantine).toMatchObject([{ code: 'FIELDS', reason: '16 characters, expected 15' }]);
    expect((await bench.curate(spec(', encoding: latin-1'), Buffer.from(`${GOOD}\n`, 'latin1'))).rows).toEqual([['zz', 'é', '1.00']]);
  });

  test('reads what slices of the line are, wherever blocks and segments end', async () => {
    const text = fc.string({ unit: fc.constantFrom('a', ' ', 'é', '😀', '"', ',', '\t'), minLength: 0, maxLength: 7 });
    const lines = fc.array(text, { minLength: 1, maxLength: 30 });
    const field = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 4 }));
    const fieldLists = fc.array(field, { minLength: 1, maxLength: 3 });
    const options = fc.tuple(fc.constantFrom('none', 'left', 'right', 'both'), fc.constantFrom('pad', 'reject'), fc.constantFrom(64, 1 << 20));
    await fc.assert(fc.asyncProperty(lines, fieldLists, options, async (some, places, [trim, short, blockBytes]) => {
      const fields = places.map(([start, length], index) => `{ name: f${index}, start: ${start}, length: ${length} }`).join(', ');
      const width = Math.max(...places.map(([start, length]) => start + length - 1));
      const columns = places.map((_, index) => ({ name: `f${index}`, type: 'string' }));
      const record = `format: fixed-width, fields: [${fields}], trim: ${trim}, shortRecords: ${short}, maxRecordBytes: 64`;
      const { rows, quarantine } = await bench.curate({ columns, record }, some.map((line) => `${line}\n`).join(''), { blockBytes, segmentBytes: 50 });
      const fits = (line: string): boolean => [...line].length === width || (short === 'pad' && line !== '' && [...line].length < width);
      const cut = (value: string): string => value.replace(trim === 'left' || trim === 'both' ? /^ +/ : /(?!)/, '').replace(trim === 'right' || trim === 'both' ? / +$/ : /(?!)/, '');
      const value = (line: string, [start, length]: [number, number]): string | null => {
        const told = cut([...line].slice(start - 1, start - 1 + length).join(''));
        return told === '' ? null : told;
      };
      expect(rows).toEqual(some.filter(fits).map((line) => places.map((place) => value(line, place))));
      expect(quarantine.map(({ code, raw }) => [code, raw.toString()])).toEqual(some.filter((line) => !fits(line)).map((line) => ['FIELDS', line]));
    }), { numRuns: 20 });
  }, 60_000);
});
