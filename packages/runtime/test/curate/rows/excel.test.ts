import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ColumnSpec } from '../_fixtures/contract-text';
import { RowsBench, type RowsOutcome } from '../_fixtures/rows-bench';
import { inline, workbook, zip, type WorkbookParts } from '../_fixtures/workbook';

const KEY = 'lake/raw/trips/r1/a1/00000-trips.xlsx';
const file = (name: string): Buffer => readFileSync(join(__dirname, '../_fixtures/typed', name));
const READ = JSON.parse(file('workbooks.json').toString()) as Record<string, (string | null)[][]>;

let bench: RowsBench;
beforeAll(async () => { bench = await RowsBench.start(); });
afterAll(async () => { await bench.close(); });

const curate = (columns: readonly ColumnSpec[], bytes: Buffer, record = '', options = {}): Promise<RowsOutcome> =>
  bench.curate({ columns, record: `format: excel${record === '' ? '' : `, ${record}`}` }, bytes, { key: KEY, ...options });
const NOTE: ColumnSpec = { name: 'note', type: 'string' };
const row = (...cells: string[]): string => `<row>${cells.join('')}</row>`;
const number = (value: string, style = 0): string => `<c s="${style}"><v>${value}</v></c>`;
/** A sheet with one column. */
const one = (name: string, cells: readonly string[], more: Omit<WorkbookParts, 'sheets'> = {}): Buffer => workbook({ ...more, sheets: { Data: [inline(name), ...cells].map((cell) => row(cell)).join('') } });
/** What becomes of cells in a column of this type: their values, and the codes and reasons of rejects. */
async function column(type: string, cells: readonly string[], more: Omit<WorkbookParts, 'sheets'> = {}, record = '', options = ''): Promise<(string | null)[]> {
  const { rows, quarantine } = await curate([{ name: 'id', type: 'i32' }, { name: 'c', type, ...(options === '' ? {} : { more: options }) }], workbook({
    ...more, sheets: { Data: [row(inline('id'), inline('c')), ...cells.map((cell, id) => row(number(String(id)), cell))].join('') },
  }), record);
  const told = new Map([...rows.map(([id, value]) => [id, value!] as const), ...quarantine.map(({ code, reason, raw }) => [(JSON.parse(raw.toString()) as { id: string }).id, `${code}: ${reason}`] as const)]);
  return cells.map((_, id) => told.get(String(id)) ?? null);
}

describe('files of other writers', () => {
  const COLUMNS: ColumnSpec[] = [
    { name: 'id', type: 'integer' }, { name: 'text', type: 'string' }, { name: 'price', type: 'decimal(10,2)' }, { name: 'f64', type: 'number' }, { name: 'flag', type: 'boolean' },
    { name: 'day', type: 'date' }, { name: 'at', type: 'timestamp' }, { name: 'clock', type: 'time' },
  ];
  const micros = (clock: string): string => String(BigInt(new Date(`1970-01-01T${clock}Z`).getTime()) * 1000n);

  test.each(Object.keys(READ))('%s comes out as openpyxl reads it', async (name) => {
    const { rows, quarantine, result } = await curate(COLUMNS, file(name), 'sheet: Data');
    expect(quarantine.map(({ reason }) => reason)).toEqual([]);
    expect(result).toMatchObject({ content: 'records', sourceBytes: file(name).length });
    expect(rows).toEqual(READ[name]!.slice(1).map(([id, text, price, f64, flag, day, at, clock]) => [
      // It reads escapes as they stand.
      id, text?.replaceAll('_x000D_', '\r') ?? null, price === null ? null : Number(price).toFixed(2), f64 === null ? null : String(f64).includes('.') || String(f64).includes('e') ? f64 : `${f64}.0`, flag,
      day?.slice(0, 10) ?? null, at?.replace(/\.?0+$/, (zeros) => (zeros.startsWith('.') ? '' : zeros.replace(/0+$/, ''))) ?? null, clock === null ? null : micros(clock!),
    ]));
  });
});

describe('values', () => {
  test('numbers are told by the shortest digits of their double, and never rounded unasked', async () => {
    const cells = ['19.989999999999998', '19.99', '0.30000000000000004', '1E-2', '1.2345E+3', '-0', '5.0', '007', '1.005', '12345678901', '1,5', '', ' 7 '].map((value) => number(value));
    expect(await column('decimal(10,2)', cells)).toEqual([
      '19.99', '19.99', 'SCALE: cell B4: c has more than 2 digits after the point', '0.01', '1234.50', '0.00', '5.00', '7.00', 'SCALE: cell B10: c has more than 2 digits after the point',
      'RANGE: cell B11: c must fit decimal(10,2)', 'CELL: cell B12 holds a number that is not written as one', null, '7.00',
    ]);
    expect(await column('decimal(10,2)', [number('0.30000000000000004'), number('1.1049999999999999')], {}, 'numbers: 15-digits')).toEqual(['0.30', 'SCALE: cell B3: c has more than 2 digits after the point']);
    expect(await column('u64', ['18446744073709551615', '5.0', '1E3', '1.5', '12345678901234567'].map((value) => number(value)))).toEqual(['18446744073709551615', '5', '1000', 'TYPE: cell B5: c is no integer u64', '12345678901234567']);
    expect(await column('number', ['0.1', '-0', '1E+400', '1e-400', '5E-324', '1.7976931348623157E+308', '0.30000000000000004'].map((value) => number(value)))).toEqual(['0.1', '-0.0', expect.stringMatching(/^RANGE/), expect.stringMatching(/^RANGE/), '5e-324', '1.7976931348623157e+308', '0.30000000000000004']);
  });

  const FORMATS = ['00000', '0', '0%', 'yyyy-mm-dd', '[h]:mm:ss', 'h:mm', '@', '[<1]h:mm;0.00'];
  const styles = { formats: FORMATS };

  test('a number is a text only where the sheet shows its digits', async () => {
    expect(await column('string', [number('1234'), number('1234', 1), number('1234', 2), number('1.5', 2), number('0.5', 3), number('1', 4), number('1', 7), number('1', 8), '<c t="b"><v>1</v></c>'], styles)).toEqual([
      '1234', 'CELL: cell B3 holds a number that the sheet shows otherwise, by format 00000, expected string; have the source keep it as text, or declare a number', '1234',
      expect.stringMatching(/^CELL: cell B5 .* by format 0, expected string/), expect.stringMatching(/^CELL: cell B6 .* by format 0%/), 'CELL: cell B7 holds a date or time, by format yyyy-mm-dd, expected string', '1',
      'CELL: cell B9 has the format [<1]h:mm;0.00, which shows now a number and now a date', 'CELL: cell B10 holds a boolean, expected string',
    ]);
    expect(await column('decimal(10,2)', [number('0.5', 3), number('1', 4), number('1.5', 5)], styles)).toEqual(['0.50', expect.stringMatching(/holds a date or time/), expect.stringMatching(/holds a time span/)]);
  });

  test('a day is a whole number that the sheet shows as one', async () => {
    expect(await column('date', [number('1', 4), number('59', 4), number('60', 4), number('61', 4), number('2958465', 4), number('2958466', 4), number('0', 4), number('-1', 4), number('45351.5', 4), number('45351'), number('1.5', 5), inline('2024-02-29'), inline('x')], styles)).toEqual([
      '1900-01-01', '1900-02-28', 'CELL: cell B4 holds 29 February 1900, a day of Excel that the calendar does not have', '1900-03-01', '9999-12-31', 'CELL: cell B7 holds a number beyond the year 9999',
      'CELL: cell B8 holds a time of day without a day', 'CELL: cell B9 holds a negative number, which is no date or time', expect.stringMatching(/^CELL: cell B10 holds a day with a time/),
      'CELL: cell B11 holds a number that the sheet shows as one, by format General; declare headraceRecord.dates: serials if such numbers are dates', expect.stringMatching(/as a time span/), '2024-02-29', 'TYPE: cell B14: c is no date',
    ]);
    expect(await column('date', [number('45351')], {}, 'dates: serials')).toEqual(['2024-02-29']);
    expect(await column('date', [number('0', 4), number('59', 4), number('60', 4), number('2957003', 4)], { ...styles, workbookPr: 'date1904="1"' })).toEqual(['1904-01-01', '1904-02-29', '1904-03-01', '9999-12-31']);
    expect(await column('date', [number('59', 4), number('61', 4)], { ...styles, workbookPr: 'dateCompatibility="false"' })).toEqual([expect.stringMatching(/before March 1900/), '1900-03-01']);
  });

  test('texts and serials of a column with a format come out alike, and days written as digits by it', async () => {
    const format = (pattern: string): string => `logicalTypeOptions: { format: "${pattern}" }`;
    expect(await column('date', [number('45351', 4), inline('29.02.2024')], styles, '', format('dd.MM.yyyy'))).toEqual(['2024-02-29', '2024-02-29']);
    expect(await column('date', [number('20240229'), number('45351', 4)], styles, '', format('yyyyMMdd'))).toEqual(['2024-02-29', '2024-02-29']);
    expect(await column('timestamp', [number('45351.5', 4), number('45351.000011574073', 4), inline('2024-02-29 12:00')], styles, '', format('yyyy-MM-dd HH:mm'))).toEqual(['2024-02-29 12:00:00', expect.stringMatching(/finer than the format/), '2024-02-29 12:00:00']);
  });

  test('times are exact to the millisecond, and what is no whole one is a reject', async () => {
    const cells = ['45351.41666809028', '45351.416668090278', '45351.4166680903', '45351.333333333336', '45351.14285714286', '45351.41666809029', '0.5'].map((value) => number(value, 4));
    const finer = (line: number): string => `CELL: cell B${line} holds a time that is no whole millisecond; round it in the source, or declare headraceRecord.times: milliseconds`;
    expect(await column('timestamp', cells, styles)).toEqual([
      '2024-02-29 10:00:00.123', '2024-02-29 10:00:00.123', '2024-02-29 10:00:00.123', '2024-02-29 08:00:00', finer(6), finer(7), 'CELL: cell B8 holds a time of day without a day',
    ]);
    expect(await column('timestamp', [number('45351.14285714286', 4)], styles, 'times: milliseconds')).toEqual(['2024-02-29 03:25:42.857']);
    expect(await column('time', [number('0.5', 6), number('1.5', 6), number('0.5', 5), number('0.999999999999', 6)], styles)).toEqual(['43200000000', 'CELL: cell B3 holds a day, and the column a time of day', '43200000000', expect.stringMatching(/no whole millisecond/)]);
    expect(await column('zoned', [number('45351.5', 4), inline('2024-02-29T12:00:00Z')], styles)).toEqual([expect.stringMatching(/without a zone, which is no instant; declare a format without offset/), '2024-02-29 12:00:00+00']);
  });

  test('strings keep their spaces and runs, without phonetics, and with what escapes stand for', async () => {
    const shared = (index: number): string => `<c t="s"><v>${index}</v></c>`;
    const strings = ['plain', '<si><r><rPr><b/></rPr><t xml:space="preserve">ri </t></r><r><t>ch</t></r><rPh sb="0" eb="1"><t>PHONETIC</t></rPh><phoneticPr fontId="1"/></si>', '<si><t>a_x000D_b_x005F_x000d_</t></si>', '', ' x ', '<si/>', '<si><t>_xD83D__xDE00_</t></si>', '<si><t>_xD83D_</t></si>', '<si><t> <![CDATA[<]]>&#38;</t></si>'];
    expect(await column('string', [...strings.map((_, index) => shared(index)), shared(9), '<c t="str"><f>x</f><v> f </v></c>', '<c t="str"><f>x</f><v></v></c>', '<c t="inlineStr"/>', '<c/>'], { strings })).toEqual([
      'plain', 'ri ch', 'a\rb_x000d_', '', ' x ', '', '😀', 'CELL: cell B9 holds half of a surrogate pair, or something else that is no text', ' <&', 'CELL: cell B11 names a shared string that there is not', ' f ', '', null, null,
    ]);
    expect(await column('string', [inline(''), inline('-'), inline('x')], {}, 'nullTokens: ["", "-"]')).toEqual([null, null, 'x']);
  });

  test('quarantine holds the XML of a cell that has no value, or of the string that it names', async () => {
    const cells = ['<c><f>1+1</f></c>', '<c t="z"><v>1</v></c>', '<c t="s"><v>0</v></c>', '<c t="s"><v>7</v></c>', '<c t="e"><v>#N/A</v></c>'];
    const { quarantine } = await curate([{ name: 'id', type: 'i32' }, { name: 'c', type: 'i32' }], workbook({
      sheets: { Data: `<row>${inline('id')}${inline('c')}</row>${cells.map((cell, index) => `<row><c><v>${index}</v></c> ${cell}</row>`).join('')}` }, strings: ['<si><t>_xD800_</t></si>'],
    }));
    expect(quarantine.map(({ raw }) => JSON.parse(raw.toString()) as unknown)).toEqual([cells[0], cells[1], '<si><t>_xD800_</t></si>', cells[3]].map((xml, id) => ({ id: String(id), c: { xml } })).concat([{ id: '4', c: '#N/A' as never }]));
  });

  test('errors and formulas without a value are rejects, unless the error is declared to be NULL', async () => {
    const error = '<c t="e"><f>1/0</f><v>#N/A</v></c>';
    const formula = (more: string): string => `<c><f>1+1</f>${more}</c>`;
    expect(await column('i32', [error, formula('<v>2</v>'), formula(''), formula('<v/>'), '<c t="b"><f>x</f><v>1</v></c>', '<c t="z"><v>1</v></c>', '<c><v>1</v><v>2</v></c>', '<c t="inlineStr"><v>1</v></c>', '<c><w xmlns="urn:o"/><v>1</v></c>', '<c t="inlineStr"><is><t>1</t><w/></is></c>'])).toEqual([
      'CELL: cell B2 holds the error #N/A', '2', expect.stringMatching(/^CELL: cell B4 holds a formula without a stored value; open and save it in Excel/), expect.stringMatching(/^CELL: cell B5 holds a formula without/),
      'CELL: cell B6 holds a boolean, expected integer i32', expect.stringMatching(/of a type that workbooks do not have/), 'CELL: cell B8 has two values', expect.stringMatching(/has the value of another/), 'CELL: cell B10 holds something that cells do not have', expect.stringMatching(/something else that is no text/),
    ]);
    expect(await column('i32', [error], {}, 'nullTokens: ["#N/A"]')).toEqual([null]);
    expect(await column('i32', [number('1'), formula('<v>0</v>')], { calcPr: 'fullCalcOnLoad="1"' })).toEqual(['1', expect.stringMatching(/^CELL: cell B3 holds a formula, and the workbook says/)]);
    await expect(column('i32', ['<c><f t="array" ref="B2:B3">x</f><v>0</v></c>'], { calcPr: 'fullCalcOnLoad="1"' })).rejects.toMatchObject({ code: 'EXCEL', message: expect.stringMatching(/array formula over B2:B3/) as string });
  });

  test('booleans and dates of ISO 8601 are what they say', async () => {
    expect(await column('boolean', ['<c t="b"><v>1</v></c>', '<c t="b"><v>0</v></c>', inline('true'), number('1')])).toEqual(['true', 'false', 'true', 'TYPE: cell B5: c is no boolean']);
    const iso = (value: string): string => `<c t="d"><v>${value}</v></c>`;
    expect(await column('timestamp', [iso('2024-02-29T10:00:00.123'), iso('2024-02-29'), iso('2023-02-29'), iso('x'), iso('2024-02-29T10:00:00.123456')])).toEqual(['2024-02-29 10:00:00.123', '2024-02-29 00:00:00', expect.stringMatching(/does not have/), expect.stringMatching(/not of the form/), expect.stringMatching(/no whole millisecond/)]);
  });
});

describe('places', () => {
  test('rows and cells may be missing, out of the range, hidden, merged or without a place, and lines are rows of the sheet', async () => {
    const sheet = `<row r="2"><c r="B2" t="inlineStr"><is><t>Title</t></is></c></row><row r="4"><c r="B4" t="inlineStr"><is><t>id</t></is></c><c t="inlineStr"><is><t>note</t></is></c></row>
      <row r="6" hidden="1"><c r="A6"><v>9</v></c><c r="B6"><v>1</v></c></row><row><c r="C7" t="inlineStr"><is><t>x</t></is></c></row><row r="9"><c r="B9" s="0"/></row><row r="10"><c r="B10"><v>2.5</v></c><c r="F10"><v>2</v></c></row><row r="11"><c r="B11"><v>3</v></c></row>`;
    const { rows, quarantine } = await curate([{ name: 'id', type: 'i32' }, NOTE], workbook({ sheets: { Data: sheet } }), 'range: B3:C10');
    expect(rows).toEqual([['1', null], [null, 'x']]);
    expect(quarantine.map(({ code, column: name, reason, offset, line, raw }) => [code, name, reason, offset, line, raw.toString()])).toEqual([['TYPE', 'id', 'cell B10: id is no integer i32', 9, 10, '{"id":"2.5","note":null}']]);
  });

  test('a cell behind the header is a reject, unless it is empty, and one in a column without a name is left out by name only', async () => {
    const sheet = [row(inline('id'), inline('note')), row(number('1'), inline('a'), '<c/>'), row(number('2'), inline('b'), number('7'), number('8'))].join('');
    const columns: ColumnSpec[] = [{ name: 'id', type: 'i32' }, NOTE];
    const { rows, quarantine } = await curate(columns, workbook({ sheets: { Data: sheet } }));
    expect([rows, quarantine.map(({ code, reason, line, raw }) => [code, reason, line, raw.toString()])]).toEqual([[['1', 'a']], [['FIELDS', 'cell C3 holds something, and the header ends before it', 3, '{"id":"2","note":"b","C3":"7","D3":"8"}']]]);
    expect((await curate(columns, workbook({ sheets: { Data: sheet } }), 'header: subset')).rows).toEqual([['1', 'a'], ['2', 'b']]);
    expect((await curate(columns, workbook({ sheets: { Data: row(number('1'), inline('a')) } }), 'header: none')).rows).toEqual([['1', 'a']]);
  });

  test('without a header columns stand where the contract says, computed ones nowhere', async () => {
    const computed: ColumnSpec[] = [{ name: 'id', type: 'i32' }, { name: 'twice', type: 'i64', more: 'transformLogic: id + id' }, NOTE];
    const sheet = workbook({ sheets: { Data: row(number('1'), inline('ann')) + row(number('2'), inline('ben'), inline('other')) } });
    const { rows, quarantine } = await curate(computed, sheet, 'header: none');
    expect([rows, quarantine.map(({ code, line }) => [code, line])]).toEqual([[['1', '2', 'ann']], [['FIELDS', 2]]]);
    const swapped: ColumnSpec[] = [['id', 2], ['note', 1]].map(([name, position]) => ({ name: String(name), type: 'string', more: `customProperties: [{ property: headraceSource, value: { position: ${position} } }]` }));
    expect((await curate(swapped, workbook({ sheets: { Data: row(inline('a'), inline('b')) } }), 'header: none')).rows).toEqual([['b', 'a']]);
  });

  test('an element inside of a value or text makes its cell a reject', async () => {
    const told = await column('string', ['<c><v>1<x/>2</v></c>', '<c t="inlineStr"><is><t>a<b>hid</b>c</t></is></c>', `<c t="inlineStr"><is><t>${'a<!---->'.repeat(50_000)}</t></is></c>`]);
    expect(told).toEqual(['CELL: cell B2 holds something that cells do not have', expect.stringMatching(/^CELL: cell B3 .* no text/), 'a'.repeat(50_000)]);
    expect(await column('decimal(10,2)', [number(`${'1'.repeat(100_000)}x`)])).toEqual(['CELL: cell B2 holds a number of more than 1,000 characters']);
  });

  test.each<[string, WorkbookParts, string, string, RegExp]>([
    ['other names', { sheets: { Data: row(inline('nope')) } }, '', 'HEADER', /"note" missing; "nope" not in the contract/],
    ['a header of other things', { sheets: { Data: row('<c t="b"><v>1</v></c>') } }, '', 'EXCEL', /cell A1 of its header is no text; say where the header is as headraceRecord.range/],
    ['several sheets', { sheets: { A: '', B: '' } }, '', 'EXCEL', /it has 2 sheets, "A", "B"; say which one as headraceRecord.sheet/],
    ['many sheets', { sheets: Object.fromEntries(Array.from({ length: 25 }, (_, n) => [`S${n}`, ''])) }, '', 'EXCEL', /it has 25 sheets, "S0", .*"S19" and 5 more; say/],
    ['no such sheet', { sheets: { A: '', B: '' } }, 'sheet: C', 'EXCEL', /it has no sheet "C", but "A", "B"/],
    ['only hidden sheets', { sheets: { A: '' }, states: { A: 'veryHidden' } }, '', 'EXCEL', /no visible sheet with cells, of "A"/],
    ['rows that go back', { sheets: { A: '<row r="2"/><row r="2"/>' } }, '', 'EXCEL', /has row 2 behind row 2/],
    ['a cell of another row', { sheets: { A: '<row r="2"><c r="A3"/></row>' } }, '', 'EXCEL', /has a cell "A3" in row 2/],
    ['cells that go back', { sheets: { A: '<row><c r="B1"/><c r="A1"/></row>' } }, '', 'EXCEL', /cells of row 1 that are not in order/],
    ['something else in its rows', { sheets: { A: '<rows/>' } }, '', 'EXCEL', /element "rows" stands where row is expected/],
    ['a sheet of another namespace', { sheets: { A: '<worksheet xmlns="urn:x"><sheetData><row/></sheetData></worksheet>' } }, '', 'EXCEL', /no namespace of workbooks/],
    ['something else in a row', { sheets: { A: '<row><w/></row>' } }, '', 'EXCEL', /something else than cells in row 1/],
    ['a document type', { sheets: { A: '<!DOCTYPE worksheet [<!ENTITY a "aaaa">]><worksheet/>' } }, '', 'EXCEL', /document type declaration/],
    ['a sheet that is cut', { sheets: { A: '<worksheet xmlns="http://purl.oclc.org/ooxml/spreadsheetml/main"><sheetData><row>' } }, '', 'EXCEL', /it ends inside element "row"/],
    ['no sheet', { sheets: { A: '' }, more: { 'xl/worksheets/sheet1.xml': null } }, '', 'EXCEL', /it has no part xl\/worksheets\/sheet1.xml/],
    ['two parts of a name', { sheets: { A: '' }, more: { 'XL/workbook.xml': '' } }, '', 'EXCEL', /two parts "XL\/workbook.xml"/],
    ['no workbook', { sheets: { A: '' }, more: { '_rels/.rels': null } }, '', 'EXCEL', /it is a ZIP archive, and no workbook/],
  ])('a workbook with %s fails its part, and says why', async (_what, parts, record, code, message) => {
    const failure: unknown = await curate([NOTE], workbook(parts), record).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code, fault: 'user', message: expect.stringMatching(message) as string });
  });

  test('a hidden sheet is read where it is named, and an empty one is an empty batch', async () => {
    const parts: WorkbookParts = { sheets: { Front: '', Data: row(inline('note')) + row(inline('x')) }, states: { Data: 'hidden' } };
    expect((await curate([NOTE], workbook(parts), 'sheet: Data')).rows).toEqual([['x']]);
    expect((await curate([NOTE], workbook(parts))).result).toMatchObject({ content: 'empty', counts: { parsed: 0 } });
    expect((await curate([NOTE], one('note', []))).result).toMatchObject({ content: 'header-only' });
  });

  test('strict workbooks, prefixes and macros make no difference', async () => {
    const strict = 'http://purl.oclc.org/ooxml';
    const parts: WorkbookParts = {
      sheets: { Data: `<x:worksheet xmlns:x="${strict}/spreadsheetml/main" xmlns="urn:other"><v/><x:sheetData><x:row><x:c t="str"><x:v>note</x:v></x:c></x:row><x:row><x:c t="s" other:s="9" xmlns:other="urn:o"><x:v>0</x:v></x:c></x:row></x:sheetData></x:worksheet>` },
      more: {
        '_rels/.rels': `<p:Relationships xmlns:p="http://schemas.openxmlformats.org/package/2006/relationships"><p:Relationship Id="a" Type="${strict}/officeDocument/relationships/officeDocument" Target="/XL/book.xml"/></p:Relationships>`,
        'xl/_rels/book.xml.rels': `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="a" Type="${strict}/officeDocument/relationships/worksheet" Target="../xl/worksheets/sheet1.xml"/><Relationship Id="b" Type="${strict}/officeDocument/relationships/sharedStrings" Target="s.xml"/><Relationship Id="v" Type="http://schemas.microsoft.com/office/2006/relationships/vbaProject" Target="vbaProject.bin"/></Relationships>`,
        'xl/book.xml': `<s:workbook xmlns:s="${strict}/spreadsheetml/main" xmlns:q="${strict}/officeDocument/relationships"><s:sheets><s:sheet name="Data" sheetId="1" q:id="a"/></s:sheets></s:workbook>`,
        'xl/s.xml': `<sst xmlns="${strict}/spreadsheetml/main"><si><t>found</t></si></sst>`,
      },
    };
    expect((await curate([NOTE], workbook(parts))).rows).toEqual([['found']]);
  });
});

describe('files that are no workbooks of this kind', () => {
  /** A compound file with a directory of one stream. */
  const compound = (stream: string): Buffer => {
    const bytes = Buffer.alloc(1024);
    bytes.write('d0cf11e0a1b11ae1', 'hex');
    bytes.writeUInt16LE(9, 30);
    bytes.write(stream, 512, 'utf16le');
    bytes.writeUInt16LE(2 * stream.length + 2, 512 + 64);
    return bytes;
  };

  test.each<[string, Buffer, RegExp]>([
    ['a workbook with a password', compound('EncryptedPackage'), /protected by a password.*have the source save it without a password/],
    ['a workbook of before 2007', compound('Workbook'), /Excel 97 to 2003 \(\.xls\), which is not read; have the source save it as "Excel workbook/],
    ['a binary workbook', workbook({ sheets: {}, more: { '_rels/.rels': '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.bin"/></Relationships>' } }), /binary workbook \(\.xlsb\)/],
    ['a spreadsheet of OpenDocument', zip([['mimetype', Buffer.from('application/vnd.oasis.opendocument.spreadsheet')]]), /OpenDocument/],
    ['a web page', Buffer.from('<html><table/></html>'), /HTML or XML text with the name of a workbook/],
    ['a text', Buffer.from('a,b\n1,2\n'), /does not begin as a ZIP archive/],
    ['nothing', Buffer.alloc(0), /it is empty/],
    ['an archive that is cut', workbook({ sheets: { A: '' } }).subarray(0, -30), /not a whole workbook/],
  ])('%s is refused by name', async (_what, bytes, message) => {
    await expect(curate([NOTE], bytes)).rejects.toMatchObject({ code: 'EXCEL', fault: 'user', message: expect.stringMatching(message) as string });
  });

  test('a damaged byte never becomes another cell', async () => {
    const whole = workbook({ sheets: { Data: row(inline('note')) + row(inline('a text that is long enough to be found')) } });
    const outcomes = new Set<string>();
    for (let at = 30; at < whole.length; at += 149) {
      const damaged = Buffer.from(whole);
      damaged[at]! ^= 4;
      outcomes.add(await curate([NOTE], damaged).then(({ rows }) => JSON.stringify(rows), (error: unknown) => (error as { code: string }).code));
    }
    expect([...outcomes].sort()).toEqual(['EXCEL', '[["a text that is long enough to be found"]]']);
  });
});

test('records of any size of segment are the same, with rejects at their rows', async () => {
  const cells = Array.from({ length: 60 }, (_, index) => (index % 7 === 3 ? '<c t="e"><v>#REF!</v></c>' : index % 7 === 5 ? inline('x') : number(String(index))));
  const bytes = one('id', cells);
  const whole = await curate([{ name: 'id', type: 'i32' }], bytes);
  const small = await curate([{ name: 'id', type: 'i32' }], bytes, '', { segmentBytes: 1 });
  expect(whole.rows.length + whole.quarantine.length).toBe(60);
  expect(whole.quarantine.map(({ code, line }) => [code, line])).toEqual(cells.flatMap((_, index) => (index % 7 === 3 ? [['CELL', index + 2]] : index % 7 === 5 ? [['TYPE', index + 2]] : [])));
  expect([small.rows, small.quarantine]).toEqual([whole.rows, whole.quarantine]);
  const long = await curate([NOTE], one('note', [inline('x'.repeat(70)), inline('y')]), 'maxRecordBytes: 64');
  expect([long.rows, long.quarantine.map(({ code, line, raw }) => [code, line, raw.length])]).toEqual([[['y']], [['RECORD_SIZE', 2, 64]]]);
});
