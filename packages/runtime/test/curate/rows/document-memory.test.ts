import { scanRecords } from '../../../src/curate/rows/record-blocks';
import { documentBlockBytes, DocumentScanner } from '../../../src/curate/rows/document-scanner';
import { jsonDocument } from '../../../src/curate/rows/json/json-document';
import { xmlDocument } from '../../../src/curate/rows/xml/xml-document';
import { HeldMemory } from '../../_fixtures/held-memory';
import { testContract } from '../_fixtures/contract-text';

const MEBIBYTE = 1024 * 1024;
const MANY = 32;
/** A few blocks and their copies. */
const ALLOWED = 8 * MEBIBYTE;

const repeated = (text: string): Buffer => Buffer.from(text.repeat(Math.ceil(MEBIBYTE / text.length)));

const XML = 'format: xml, recordsAt: /r/a';
const JSON_AT_DATA = 'format: json, recordsAt: /data';

test.each([
  ['spaces', '{"data":[{"a":"x"}', repeated(' \n'), ',{"a":"y"}]}', 2, 0],
  ['a text around the records', '{"note":"', repeated('é\\"'), '","data":[{"a":"x"}]}', 1, 0],
  ['a name around the records', '{"', repeated('x'), '":1,"data":[{"a":"x"}]}', 1, 0],
  ['one record', '{"data":[{"a":"x"},{"a":"', repeated('é,]}'), '"},{"a":"y"}]}', 2, 1],
  ['records', '{"data":[{"a":"y"}', repeated(`,{"a":"${'x'.repeat(200)}"}\n  `), ']}', undefined, 0],
  ['a comment of XML', '<r><a/><!--', repeated('é <a> - '), '--><a/></r>', 2, 0],
  ['a text around the records of XML', '<r><a/><b>', repeated('é&amp;]] '), '</b><a/></r>', 2, 0],
  ['an attribute around the records of XML', '<r><a/><b c="', repeated('é&amp;> '), '"/><a/></r>', 2, 0],
  ['elements that are no records', '<r><a/>', repeated(`<ab><a>${'x'.repeat(200)}</a></ab>`), '<a/></r>', 2, 0],
  ['one record of XML', '<r><a/><a>', repeated(`é<b>${'x'.repeat(200)}</b>`), '</a><a/></r>', 2, 1],
  ['records of XML', '<r><a/>', repeated(`<a>${'x'.repeat(200)}</a> <!-- -->`), '</r>', undefined, 0],
])('memory does not grow with %s', async (_title, before, piece, after, good, bad) => {
  const xml = before.startsWith('<');
  const dataset = testContract({ columns: [{ name: 'a', type: 'string', ...(xml ? { more: 'customProperties: [{ property: headraceSource, value: { field: "." } }]' } : {}) }], record: xml ? XML : JSON_AT_DATA }).datasets[0]!;
  const counts = { good: 0, bad: 0 };
  const framed = {
    good: (_block: Buffer, _start: number, _end: number, records: number) => { counts.good += records; },
    bad: () => { counts.bad += 1; },
  };
  function* pieces(): Iterable<Buffer> {
    yield Buffer.from(before);
    for (let count = 0; count < MANY; count++) yield piece;
    yield Buffer.from(after);
  }
  const held = new HeldMemory(ALLOWED);
  await scanRecords((async function* () { yield* pieces(); })(), {
    source: 's', maxRecordBytes: dataset.record.maxRecordBytes, framed, blockBytes: documentBlockBytes(dataset.record.maxRecordBytes),
    scanner: () => new DocumentScanner(dataset, 's', framed, (xml ? xmlDocument : jsonDocument)(dataset, () => undefined)),
    flush: async () => { held.measure(); },
  });
  expect(counts.good).toBe(good ?? 1 + MANY * (piece.toString().split(xml ? '<a>' : '{').length - 1));
  expect(counts.bad).toBe(bad);
  expect(held.most).toBeLessThan(ALLOWED);
});
