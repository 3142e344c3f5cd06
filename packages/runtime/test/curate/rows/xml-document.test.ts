import * as fc from 'fast-check';
import { gzipSync } from 'node:zlib';
import type { DatasetSpec } from '../_fixtures/contract-text';
import { RowsBench } from '../_fixtures/rows-bench';

const COLUMNS = [
  { name: 'a', type: 'string' }, { name: 'n', type: 'decimal(38,2)' }, { name: 'ok', type: 'boolean' }, { name: 'id', type: 'string', more: from('@id') }, { name: 'deep', type: 'string', more: from('in/b') }, { name: 'unit', type: 'string', more: from('n/@unit') },
];
const XML: DatasetSpec = { columns: COLUMNS, record: 'format: xml, recordsAt: /rows/row' };
const SUBSET: DatasetSpec = { ...XML, record: `${XML.record!}, header: subset` };

function from(field: string): string {
  return `customProperties: [{ property: headraceSource, value: { field: "${field}" } }]`;
}

const rows = (...records: string[]): string => `<?xml version="1.0" encoding="UTF-8"?>\n<rows>${records.map((record) => `\n  ${record}`).join('')}\n</rows>\n`;
const X = ['x', null, null, null, null, null];

describe('records of XML documents', () => {
  let bench: RowsBench;

  beforeAll(async () => { bench = await RowsBench.start(); });
  afterAll(async () => { await bench.close(); });

  const KEPT: [title: string, record: string, row: (string | null)[]][] = [
    ['elements and attributes in any order', '<row id="1" ><ok>true</ok><in ><b>y</b></in ><n\n unit=\'EUR\' >1.10</n><a>x</a></row>', ['x', '1.10', 'true', '1', 'y', 'EUR']],
    ['absent elements and attributes as NULL', '<row/>', [null, null, null, null, null, null]],
    ['empty elements and attributes as empty texts', '<row id=""><a/><in><b></b></in><n unit="">1</n></row>', ['', '1.00', null, '', '', '']],
    ['a prefix that is called nil as nothing', '<row><a xmlns:nil="urn:x">x</a></row>', X],
    ['nil elements as NULL, under any prefix', '<row><a xsi:nil="true"/><n i:nil=" 1 "></n><ok xsi:nil="false">true</ok><in xsi:nil="true"/></row>', [null, null, 'true', null, null, null]],
    ['references, CDATA sections, comments and instructions', '<row id="&lt;&#x9;&#65;"><a>&amp;&lt;&gt;&quot;&apos;&#233;&#x1F600;<!-- <a> -->|<![CDATA[<b>&amp;]] ]]]>|<?p <a> ?>|&#13;</a></row>', ['&<>"\'é😀|<b>&amp;]] ]||\r', null, null, '<\tA', null, null]],
    ['every space of a text; line ends are LF, and in attributes spaces', '<row id=" a\r\n\tb\nc "><a> \t\r\n x\r\ry\n</a></row>', [' \t\n x\n\ny\n', null, null, ' a  b c ', null, null]],
    ['what CSV would read otherwise', '<row><a>x,"y"\n,""z</a></row>', ['x,"y"\n,""z', null, null, null, null, null]],
    ['namespaces and schema attributes as nothing', '<row xmlns="urn:x" xmlns:y="urn:y" xsi:type="T" xml:lang="de"><a xml:space="preserve">x</a></row>', X],
    ['comments and instructions between elements', '<row><!-- no --><?no?><a>x</a><!----></row >', X],
  ];

  test('keeps records in every form that they may have', async () => {
    const { rows: found, quarantine } = await bench.curate(XML, rows(...KEPT.map(([, record]) => record)));
    expect(quarantine).toEqual([]);
    expect(found.map((row, index) => [KEPT[index]?.[0], row])).toEqual(KEPT.map(([title, , row]) => [title, row]));
  });

  test('takes names as they are written, prefix and all, and letters of every script', async () => {
    const spec: DatasetSpec = { columns: [{ name: 'a', type: 'string', more: from('é:名') }], record: 'format: xml, recordsAt: "/s:Envelope/行:b/r"' };
    const { rows: found } = await bench.curate({ ...spec, record: `${spec.record!}, header: subset` }, '<s:Envelope><r><é:名>no</é:名></r><行:b><r><é:名>x</é:名><名>no</名></r><R/></行:b><行:b><r><é:名>y</é:名></r></行:b></s:Envelope>');
    expect(found).toEqual([['x'], ['y']]);
  });

  test('takes the text of the record itself, and the root element as the one record', async () => {
    const spec: DatasetSpec = { columns: [{ name: 'a', type: 'string', more: from('.') }, { name: 'b', type: 'string', more: from('@b') }], record: 'format: xml, recordsAt: /row' };
    expect((await bench.curate(spec, '<row b="1">x<![CDATA[]]></row>')).rows).toEqual([['x', '1']]);
  });

  test('takes texts for NULL that the contract says so', async () => {
    const { rows: found } = await bench.curate({ ...XML, record: `${XML.record!}, nullTokens: ["", "n/a"]` }, rows('<row id=""><a>n/a</a><n/></row>', '<row><a> n/a</a></row>'));
    expect(found).toEqual([[null, null, null, null, null, null], [' n/a', null, null, null, null, null]]);
  });

  test('leaves out what the contract does not know, where it wants a subset', async () => {
    const unknown = '<row z="1"><c><a>no</a><row><a>no</a></row></c>text<c/><c x="/>"><!-- </c> --><![CDATA[</c>]]></c><a k="v">x</a><in>t<c/></in></row>';
    expect((await bench.curate(SUBSET, rows(unknown))).rows).toEqual([X]);
  });

  test.each([['no byte', '', 'empty'], ['an element without elements', '<rows>\n<!-- none --></rows>', 'header-only']])('%s is no record and no failure', async (_title, document, content) => {
    expect((await bench.curate(XML, document)).result).toMatchObject({ content, counts: { parsed: 0, kept: 0, rejected: 0 } });
  });

  test.each([
    ['the root has another name', '<error><code>1</code></error>', 'the root element is "error"'],
    ['text stands there', '<rows>Service unavailable</rows>', 'there is no record, but text'],
    ['a reference stands there', '<rows> &#65; </rows>', 'there is no record, but text'],
    ['a CDATA section stands there', '<rows><![CDATA[x]]></rows>', 'there is no record, but text'],
    ['other elements stand there', '<rows><Row><a>x</a></Row></rows>', 'there is no record, but an element "Row"'],
  ])('fails when %s, by the name of the setting and with the cure', async (_title, document, what) => {
    await expect(bench.curate(XML, document)).rejects.toMatchObject({
      code: 'RECORDS_AT', fault: 'user', message: expect.stringContaining(`at headraceRecord.recordsAt /rows/row of trips ${what}; expected the elements of the records`) as string,
    });
  });

  test('takes other elements for an empty list where the contract says so', async () => {
    expect((await bench.curate({ ...XML, record: `${XML.record!}, noRecords: empty` }, '<rows><count>0</count></rows>')).result.content).toBe('header-only');
  });

  const BAD: [title: string, record: Buffer | string, code: string][] = [
    ['an unknown element', '<row><c/></row>', 'XML'], ['an unknown attribute', '<row c=""/>', 'XML'], ['an element twice', '<row><a>x</a>\n<a>y</a></row>', 'XML'], ['an element in a text', '<row><a>x<b/></a></row>', 'XML'],
    ['text between elements', '<row>x<a/></row>', 'XML'], ['a CDATA section between elements', '<row><![CDATA[x]]><a/></row>', 'XML'], ['an element around twice', '<row><in/><in><b/></in></row>', 'XML'], ['nil with text', '<row><a xsi:nil="true">x</a></row>', 'XML'], ['nil of another word', '<row><a xsi:nil="yes"/></row>', 'XML'],
    ['no UTF-8', Buffer.from('<row><a>\xff</a></row>', 'latin1'), 'ENCODING'], ['no character', '<row><a>\uffff</a></row>', 'ENCODING'], ['too long', `<row><a>${'x'.repeat(3_000)}</a></row>`, 'RECORD_SIZE'],
    ['no number', '<row>\n\n<n>x</n></row>', 'TYPE'], ['an empty number', '<row><n/></row>', 'TYPE'], ['too many digits', '<row><n>1.001</n></row>', 'SCALE'],
  ];

  test.each([1 << 20, 2_100])('puts every bad record into quarantine, byte for byte, with its place and line, in blocks of %d bytes', async (blockBytes) => {
    const between = '\n <!-- <row> , -->\n ,text\n <other><row/></other>';
    const source = Buffer.concat([Buffer.from('<rows>'), ...BAD.flatMap(([, record]) => [Buffer.from(`<row><a>é\n</a></row>${between}`), Buffer.from(record), Buffer.from(between)]), Buffer.from('<row/>\n</rows>')]);
    const { rows: found, quarantine, result } = await bench.curate({ ...XML, record: `${XML.record!}, maxRecordBytes: 2000` }, source, { blockBytes });
    expect(found).toEqual([...BAD.map(() => ['é\n', null, null, null, null, null]), [null, null, null, null, null, null]]);
    expect(quarantine.map(({ code }, index) => [BAD[index]?.[0], code])).toEqual(BAD.map(([title, , code]) => [title, code]));
    for (const [index, { raw, offset, line }] of quarantine.entries()) {
      expect(raw).toEqual(Buffer.from(BAD[index]![1]).subarray(0, 2_000));
      expect(source.subarray(offset, offset + raw.length)).toEqual(raw);
      expect(line).toBe(source.subarray(0, offset).toString('latin1').split('\n').length);
    }
    expect(result.counts).toEqual({ parsed: 2 * BAD.length + 1, kept: BAD.length + 1, rejected: BAD.length });
  });

  test.each([
    ['is cut', '<rows><row><a>x</a></row>', 'it ends inside element "rows"'], ['has two roots', '<rows/><rows/>', 'a second root element'], ['has an end tag of another name', '<rows><row></rows></row>', 'the end tag "rows" does not fit the open element "row"'],
    ['declares another encoding', '<?xml version="1.0" encoding="ISO-8859-1"?><rows/>', 'it declares encoding ISO-8859-1, and the contract has utf-8; declare headraceRecord.encoding as the source writes'],
    ['is XML 1.1', '<?xml version="1.1"?><rows/>', 'it is XML 1.1, and only 1.0 is read'], ['has an entity of its own', '<rows><row><a>&nbsp;</a></row></rows>', 'an entity other than the five that XML defines'],
    ['has a control character', '<rows><row><a>\u0001</a></row></rows>', 'a control character, U+0001, which XML cannot hold'], ['has nothing but a byte order mark', '\ufeff', 'it ends without a root element'],
    ['is nested too deeply', `<rows>${'<x>'.repeat(1_001)}${'</x>'.repeat(1_001)}</rows>`, 'expected no more than 1,000 elements in each other'],
  ])('keeps nothing of a short document that %s, and all of its bytes', async (_title, document, reason) => {
    const { rows: found, quarantine, result } = await bench.curate(XML, document);
    expect([found, result.counts]).toEqual([[], { parsed: 1, kept: 0, rejected: 1 }]);
    expect(quarantine).toEqual([expect.objectContaining({ code: 'DOCUMENT', raw: Buffer.from(document.replace('\ufeff', '')), line: 1, reason: expect.stringContaining(reason) as string })]);
  });

  test.each([
    ['names another file', '<!DOCTYPE rows SYSTEM "http://127.0.0.1:9/x.dtd"><rows/>'],
    ['fetches an entity', '<?xml version="1.0"?><!DOCTYPE rows [<!ENTITY x SYSTEM "file:///etc/passwd">]><rows><row><a>&x;</a></row></rows>'],
    ['is an entity bomb', `<!DOCTYPE rows [<!ENTITY a "x">${Array.from({ length: 25 }, (_, i) => `<!ENTITY ${'b'.repeat(i + 1)} "&a;&a;">`).join('')}]><rows><row><a>&b;</a></row></rows>`],
  ])('refuses a document type that %s', async (_title, document) => {
    const { quarantine } = await bench.curate(XML, document);
    expect(quarantine).toMatchObject([{ code: 'DOCUMENT', reason: expect.stringContaining('it has a document type declaration (<!DOCTYPE), and such documents are refused') as string }]);
  });

  test('fails the part when a long document is malformed, and writes no row', async () => {
    const document = `<rows>\n${'<row><a>x</a></row>\n'.repeat(40)}</row>`;
    await expect(bench.curate({ ...XML, record: `${XML.record!}, maxRecordBytes: 64` }, document, { blockBytes: 100, segmentBytes: 1 << 20 })).rejects.toMatchObject({
      code: 'XML_DOCUMENT', kind: 'terminal', fault: 'user', message: expect.stringMatching(/is not one well-formed XML document: the end tag "row" does not fit the open element "rows", at byte \d+, line 42\. It is longer than maxRecordBytes \(64\)/) as string,
    });
  });

  test('reads a gzipped document', async () => {
    expect((await bench.curate(XML, gzipSync(rows('<row><a>x</a></row>')), { key: 'lake/raw/trips/r1/a1/00000-trips.xml.gz' })).rows).toEqual([X]);
  });

  test.each([['first', 0, 1], ['last', 999, 1_000], ['all', 0, 1_000], ['one in each block', undefined, undefined]])('poison %s: the others are kept', async (_title, start, end) => {
    const bad = (index: number): boolean => (start === undefined ? index % 20 === 7 : index >= start && index < end!);
    const records = Array.from({ length: 1_000 }, (_, index) => (bad(index) ? `<row><a>é${index}</a><x/></row>` : `<row><a>é${index}</a></row>`));
    const source = Buffer.from(rows(...records));
    const { rows: found, quarantine } = await bench.curate(XML, source, { blockBytes: 600, segmentBytes: 5_000 });
    const numbers = Array.from({ length: 1_000 }, (_, index) => index);
    expect(found.map(([a]) => a)).toEqual(numbers.filter((index) => !bad(index)).map((index) => `é${index}`));
    expect(quarantine.map(({ raw, line }) => [raw.toString(), line])).toEqual(numbers.filter(bad).map((index) => [records[index], index + 3]));
    for (const { raw, offset } of quarantine) expect(source.subarray(offset, offset + raw.length)).toEqual(raw);
  });

  const isXml = /^[\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u;
  const text = fc.string({ unit: 'binary', maxLength: 8 }).filter((value) => value.isWellFormed() && isXml.test(value));

  test('gives back every text that a writer escapes, wherever blocks and segments end', async () => {
    const escaped = (value: string, quote: string): string => value
      .replace(/[&<>\r\t\n"']/g, (char) => (/[&<>"'\r]/.test(char) || quote !== '' ? `&#${char.charCodeAt(0)};` : char));
    const cdata = (value: string): string => (/\r|]]>/.test(value) ? escaped(value, '') : `<![CDATA[${value}]]>`);
    const optional = fc.option(text, { nil: null });
    const between = fc.constantFrom('', '\n', '<!---->', '<o><row/></o>', ' ,');
    const record = fc.record({ a: optional, id: optional, plain: fc.boolean(), gap: between });
    const recordLists = fc.array(record, { minLength: 1, maxLength: 20 });
    await fc.assert(fc.asyncProperty(recordLists, fc.constantFrom(70, 150, 1 << 20), async (records, blockBytes) => {
      const document = `<rows>${records.map(({ a, id, plain, gap }) => `<row${id === null ? '' : ` id="${escaped(id, '"')}"`}>${a === null ? '' : `<a>${plain ? escaped(a, '') : cdata(a)}</a>`}</row>${gap}`).join('')}</rows>`;
      const { rows: found, quarantine } = await bench.curate({ ...XML, record: `${XML.record!}, maxRecordBytes: 600` }, document, { blockBytes, segmentBytes: 100 });
      expect(quarantine).toEqual([]);
      expect(found).toEqual(records.map(({ a, id }) => [a, null, null, id, null, null]));
    }), { numRuns: 25 });
  }, 60_000);
});
