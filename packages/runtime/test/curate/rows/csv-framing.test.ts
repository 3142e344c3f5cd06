import { RowsBench } from '../_fixtures/rows-bench';
import type { DatasetSpec } from '../_fixtures/contract-text';

const AB: DatasetSpec = { columns: [{ name: 'a', type: 'string' }, { name: 'b', type: 'string' }] };

describe('framing of CSV records', () => {
  let bench: RowsBench;

  beforeAll(async () => { bench = await RowsBench.start(); });
  afterAll(async () => { await bench.close(); });

  const KEPT: [title: string, csv: string, rows: (string | null)[][], record?: string][] = [
    ['plain fields', 'a,b\n1,2\n3,4\n', [['1', '2'], ['3', '4']]],
    ['no line end at the end', 'a,b\n1,2\n3,4', [['1', '2'], ['3', '4']]],
    ['CR LF line ends', 'a,b\r\n1,2\r\n3,4\r\n', [['1', '2'], ['3', '4']]],
    ['mixed line ends', 'a,b\n1,2\r\n3,4\n5,6\r\n', [['1', '2'], ['3', '4'], ['5', '6']]],
    ['a byte order mark', '\ufeffa,b\n1,2\n', [['1', '2']]],
    ['a byte order mark inside the data', 'a,b\n\ufeffx,\ufeff\n', [['\ufeffx', '\ufeff']]],
    ['NULL apart from empty', 'a,b\n,""\n"",\n', [[null, ''], ['', null]]],
    ['NULL apart from empty at the end', 'a,b\n1,""', [['1', '']]],
    ['doubled quotes', 'a,b\n"x""y",""""\n"""","""a"""\n', [['x"y', '"'], ['"', '"a"']]],
    ['delimiters in quotes', 'a,b\n"x,y",","\n', [['x,y', ',']]],
    ['spaces as they are', 'a,b\n x , y \n" q ","  "\n', [[' x ', ' y '], [' q ', '  ']]],
    ['backslashes as they are', 'a,b\n"x\\",y\\\n\\,\\n\n', [['x\\', 'y\\'], ['\\', '\\n']]],
    ['what looks like comments', 'a,b\n#x,2\n', [['#x', '2']]],
    ['Unicode beyond the first plane', 'a,b\n東京,"😀, é"\n', [['東京', '😀, é']]],
    ['own null tokens', 'a,b\nNA,"NA"\n\\N,x\n,""\n', [[null, 'NA'], [null, 'x'], ['', '']], 'nullTokens: ["NA", "\\\\N"]'],
    ['no null tokens', 'a,b\n,x\n"",\n', [['', 'x'], ['', '']], 'nullTokens: []'],
    ['another delimiter', 'a;b\nx,y;"p;q"\n', [['x,y', 'p;q']], 'delimiter: ";"'],
    ['tabs', 'a\tb\n"x\ty"\t\n', [['x\ty', null]], 'delimiter: "\\t"'],
    ['single quotes', "a,b\n'x''y,',\"z\"\n", [["x'y,", '"z"']], "quote: \"'\""],
    ['no quoting', 'a,b\n"x,y"\n\'"",z\n', [['"x', 'y"'], ["'\"\"", 'z']], 'quote: ""'],
    ['line ends in quotes where multiline', 'a,b\n"x\ny","p\r\nq"\n1,2\n', [['x\ny', 'p\r\nq'], ['1', '2']], 'multiline: true'],
    ['line ends in quotes with CR LF ends', 'a,b\r\n"x\ny","p\r\nq"\r\n1,2\r\n', [['x\ny', 'p\r\nq'], ['1', '2']], 'multiline: true'],
    ['a header in another order where subset', 'b,x,a\n1,2,3\n', [['3', '1']], 'header: subset'],
    ['no header', '1,2\n3,4\n', [['1', '2'], ['3', '4']], 'header: none'],
    ['a quoted header', '"a","b"\n1,2\n', [['1', '2']]],
    ['a header and nothing else', 'a,b\n', []],
    ['a header without line end', 'a,b', []],
    ['nothing at all', '', []],
  ];

  test.each(KEPT)('keeps %s', async (...[, csv, rows, record]: (typeof KEPT)[number]) => {
    const outcome = await bench.curate({ ...AB, record }, csv);
    expect(outcome.rows).toEqual(rows);
    expect(outcome.quarantine).toEqual([]);
    expect(outcome.result.counts).toEqual({ parsed: rows.length, kept: rows.length, rejected: 0 });
  });

  const REJECTED: [title: string, csv: string | Buffer, code: string, raw: string, record?: string][] = [
    ['a quote inside an unquoted field', 'a,b\n1,2\n3,ab"c\n5,6\n', 'QUOTE', '3,ab"c'],
    ['text after a closing quote', 'a,b\n1,2\n4,"q" \n5,6\n', 'QUOTE', '4,"q" '],
    ['text before an opening quote', 'a,b\n1,2\n4, "q"\n5,6\n', 'QUOTE', '4, "q"'],
    ['an unclosed quote, and only its line', 'a,b\n1,2\n"x,4\n5,6\n', 'QUOTE', '"x,4'],
    ['an unclosed quote before CR LF', 'a,b\r\n1,2\r\n"x,4\r\n5,6\r\n', 'QUOTE', '"x,4'],
    ['a line end in quotes', 'a,b\n1,2\n3,"x\n5,6\n', 'QUOTE', '3,"x'],
    ['too few fields', 'a,b\n1,2\nx\n5,6\n', 'FIELDS', 'x'],
    ['too many fields', 'a,b\n1,2\nx,y,\n5,6\n', 'FIELDS', 'x,y,'],
    ['an empty line', 'a,b\n1,2\n\n5,6\n', 'FIELDS', ''],
    ['a bare carriage return', 'a,b\n1,2\n3,x\ry\n5,6\n', 'LINE_END', '3,x\ry'],
    ['a bare carriage return in quotes', 'a,b\n1,2\n3,"x\ry"\n5,6\n', 'LINE_END', '3,"x\ry"'],
    ['a doubled carriage return', 'a,b\n1,2\n3,4\r\r\n5,6\n', 'LINE_END', '3,4\r'],
    ['CR LF where the contract says lf', 'a,b\n1,2\n3,4\r\n5,6\n', 'LINE_END', '3,4', 'newline: lf'],
    ['LF where the contract says crlf', 'a,b\r\n1,2\r\n3,4\n5,6\r\n', 'LINE_END', '3,4', 'newline: crlf'],
    ['bytes that are not UTF-8', Buffer.concat([Buffer.from('a,b\n1,2\n3,'), Buffer.from([0xff, 0xc3]), Buffer.from('\n5,6\n')]), 'ENCODING', '3,\xff\xc3'],
    ['an overlong encoding', Buffer.concat([Buffer.from('a,b\n1,2\n3,'), Buffer.from([0xc0, 0xaf]), Buffer.from('\n5,6\n')]), 'ENCODING', '3,\xc0\xaf'],
    ['an encoded surrogate', Buffer.concat([Buffer.from('a,b\n1,2\n3,'), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from('\n5,6\n')]), 'ENCODING', '3,\xed\xa0\x80'],
    ['a NUL byte', 'a,b\n1,2\n3,x\0y\n5,6\n', 'ENCODING', '3,x\0y'],
    ['a record that is too long', `a,b\n1,2\n3,${'x'.repeat(200)}\n5,6\n`, 'RECORD_SIZE', `3,${'x'.repeat(62)}`, 'maxRecordBytes: 64'],
  ];

  test.each(REJECTED)('puts into quarantine %s', async (...[, csv, code, raw, record]: (typeof REJECTED)[number]) => {
    const { rows, quarantine, result } = await bench.curate({ ...AB, record }, csv);
    expect(rows).toEqual([['1', '2'], ['5', '6']]);
    expect(quarantine.map((row) => [row.code, row.column, row.raw.toString('latin1')])).toEqual([[code, null, raw]]);
    expect(result.counts).toEqual({ parsed: 3, kept: 2, rejected: 1 });
    expect(result.quarantine.byCode).toEqual({ [code]: 1 });
    const source = Buffer.from(csv);
    const { offset, line } = quarantine[0]!;
    expect(source.subarray(offset, offset + quarantine[0]!.raw.length)).toEqual(quarantine[0]!.raw);
    expect(line).toBe(3);
  });

  test.each<[string, Partial<DatasetSpec>, string]>([
    ['csv', {}, 'a,b\r\n1,2\r\n3,4'], ['multi-line csv', { record: 'newline: crlf, multiline: true' }, 'a,b\r\n1,2\r\n3,"4"'], ['fixed-width', { record: 'format: fixed-width, newline: crlf, fields: [{ name: a, start: 1, length: 1 }, { name: b, start: 2, length: 1 }]' }, '12\r\n34'],
  ])('takes a last line without its end where the contract says crlf: %s', async (_title, more, text) => {
    expect(await bench.curate({ ...AB, record: 'newline: crlf', ...more }, text)).toMatchObject({ rows: [['1', '2'], ['3', '4']], quarantine: [] });
    // A file that was cut within the line end has lost a byte.
    expect(await bench.curate({ ...AB, record: 'newline: crlf', ...more }, `${text}\r`)).toMatchObject({ rows: [['1', '2']], quarantine: [{ code: 'LINE_END' }] });
  });

  test('rejects an empty line of one field unless it means NULL', async () => {
    const spec = { columns: [{ name: 'a', type: 'string' }] };
    expect((await bench.curate(spec, 'a\nx\n\n""\n\n')).rows).toEqual([['x'], [null], [''], [null]]);
    const { rows, quarantine } = await bench.curate({ ...spec, record: 'nullTokens: []' }, 'a\nx\n\n""\n\n');
    expect(rows).toEqual([['x'], ['']]);
    expect(quarantine.map(({ code, line }) => [code, line])).toEqual([['FIELDS', 3], ['FIELDS', 5]]);
  });

  test('quarantines all that an open quote swallowed at the end of a multi-line file', async () => {
    const { rows, quarantine } = await bench.curate({ ...AB, record: 'multiline: true' }, 'a,b\n1,2\n3,"x\n5,6\n7,8\n');
    expect(rows).toEqual([['1', '2']]);
    expect(quarantine).toMatchObject([{ code: 'QUOTE', line: 3, offset: 8, raw: Buffer.from('3,"x\n5,6\n7,8\n') }]);
  });

  test('counts the lines of multi-line records', async () => {
    const csv = 'a,b\n"1\n\n",2\n"x""\n"y,4\n5,6\n7\n';
    const { rows, quarantine } = await bench.curate({ ...AB, record: 'multiline: true' }, csv);
    expect(rows).toEqual([['1\n\n', '2'], ['5', '6']]);
    expect(quarantine).toMatchObject([{ code: 'QUOTE', line: 5, raw: Buffer.from('"x""\n"y,4') }, { code: 'FIELDS', line: 8, raw: Buffer.from('7') }]);
  });

  test('fails when a multi-line record has no end within maxRecordBytes', async () => {
    const csv = `a,b\n1,2\n3,"x\n${'5,6\n'.repeat(100)}`;
    await expect(bench.curate({ ...AB, record: 'multiline: true, maxRecordBytes: 64' }, csv, { blockBytes: 100 })).rejects.toMatchObject({ code: 'RECORD_OPEN', fault: 'user', facts: { offset: 8, line: 3 } });
  });

  const LONG = 'x'.repeat(70);

  // Blocks that hold the record whole, that end in it, and that it fills.
  describe.each([undefined, 100, 70])('a multi-line record of more than maxRecordBytes, in blocks of %p bytes', (blockBytes) => {
    const curate = (csv: string) => bench.curate({ ...AB, record: 'multiline: true, maxRecordBytes: 64' }, csv, { blockBytes });

    test.each([['that is closed', `"3\n${LONG}",4`], ['with a quote behind what may be kept', `${LONG}${LONG},"4\n"`], ['that is broken', `3"${LONG},4`]])('fails the part where a quote is in it: %s', async (_title, record) => {
      await expect(curate(`a,b\n1,2\n${record}\n5,6\n`)).rejects.toMatchObject({ code: 'RECORD_OPEN', fault: 'user', facts: { offset: 8, line: 3 } });
    });

    // With the second the first block of 100 bytes ends between CR and LF.
    test.each([140, 89])('is a reject where none is, with %i characters: its line end ends it', async (characters) => {
      const { rows, quarantine } = await curate(`a,b\n1,2\n3,${'x'.repeat(characters)}\r\n"5\n",6\n`);
      expect(rows).toEqual([['1', '2'], ['5\n', '6']]);
      expect(quarantine).toMatchObject([{ code: 'RECORD_SIZE', line: 3, offset: 8, raw: Buffer.from(`3,${LONG}`.slice(0, 64)), reason: expect.stringMatching(new RegExp(`^${characters + 2} bytes`)) as string }]);
    });
  });

  const HEADERS: [title: string, header: string, record: string, text: RegExp][] = [
    ['a column is missing', 'a', '', /"b" missing/],
    ['a field is unknown', 'a,b,c', '', /"c" not in the contract/],
    ['the order differs', 'b,a', '', /field 1 is "b", the contract has "a" there/],
    ['a name stands twice', 'a,b,a', 'header: subset', /"a" stands twice/],
    ['a wanted column is missing in a subset', 'c,b', 'header: subset', /"a" missing/],
    ['a quote is broken', 'a,b"', '', /quote/],
  ];

  test.each(HEADERS)('fails when %s in the header', async (_title, header, record, text) => {
    await expect(bench.curate({ ...AB, record }, `${header}\n1,2\n`)).rejects.toMatchObject({ code: 'HEADER', fault: 'user', message: expect.stringMatching(text) as string });
  });

  test.each([['with a line end', '\n1,2\n'], ['without one', '']])('fails when the header is longer than a record and 1 MiB, %s', async (_title, rest) => {
    const subset = { ...AB, record: 'header: subset, maxRecordBytes: 64' };
    const named = (bytes: number): string => `a,b,${'x'.repeat(bytes - 4)}`;
    const most = 1024 * 1024;
    expect((await bench.curate(subset, `${named(most)}${rest}`)).result.counts.rejected).toBe(rest === '' ? 0 : 1);
    await expect(bench.curate(subset, `${named(most + 1)}${rest}`)).rejects.toMatchObject({ code: 'HEADER', fault: 'user', message: expect.stringContaining(`no line end in the first ${most} bytes`) as string });
  });

  test('fails when the file is UTF-16', async () => {
    await expect(bench.curate(AB, Buffer.from('\ufeffa,b\n1,2\n', 'utf16le'))).rejects.toMatchObject({ code: 'ENCODING', fault: 'user' });
  });

  test('tells an empty file, a header without records, and records apart', async () => {
    const contents = await Promise.all(['', '\ufeff', 'a,b\n', 'a,b', 'a,b\n1,2\n', 'a,b\nx\n'].map(async (csv, index) => (await bench.curate(AB, csv, { key: `lake/raw/${index}.csv` })).result.content));
    expect(contents).toEqual(['empty', 'empty', 'header-only', 'header-only', 'records', 'records']);
  });
});
