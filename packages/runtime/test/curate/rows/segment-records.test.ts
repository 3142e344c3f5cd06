import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NO_PROOF } from '../../../src/curate/rows/csv/proven-fields';
import { SegmentRecords } from '../../../src/curate/rows/segment-records';

const SOURCE_OFFSET = 5_000;

describe.each([
  ['lines', 'lines', '\n', (n: number) => `${n},${'x'.repeat(n % 700)}`],
  ['records of several lines', { quote: '"'.charCodeAt(0) }, '\n', (n: number) => `${n},"${'é\n'.repeat(n % 5)}""${'y'.repeat(n % 700)}"`],
  ['records longer than what is read at once', 'lines', '\n', (n: number) => `${n},${'z'.repeat(n % 3_000 === 0 ? 2_500_000 : 10)}`],
  ['records of a JSON document', 'marks', '\n ,\r\n\t', (n: number) => `{ "n":\n${n}, "x": "${'é'.repeat(n % 700)}"${'\n'.repeat(n % 3)}}`],
] as const)('%s of a long segment', (_name, ends, between, recordOf) => {
  const records = Array.from({ length: 9_000 }, (_, index) => recordOf(index));
  let folder: string;
  beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), 'headrace-test-')); });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('are found by their number, with place and line in the source', async () => {
    const sourcePath = join(folder, '0.source');
    await writeFile(sourcePath, ends === 'marks' ? `${records.join(`\x1e${between}`)}\x1e` : `${records.join(between)}${between}`);
    const segment = {
      number: 0, firstRecord: 0, numbers: [], records: records.length, sourcePath, textsPath: 'unread', others: new Set<string>(), proof: NO_PROOF,
      runs: [{ firstRecord: 0, start: 0, offset: SOURCE_OFFSET, line: 2, terminator: ends === 'marks' ? 0 : 1 }],
    };
    const found = await SegmentRecords.open(segment, ends);
    let offset = SOURCE_OFFSET;
    let line = 2;
    try {
      for (const [number, text] of records.entries()) {
        if (number % 7 === 3 || number === records.length - 1) {
          const record = await found.find(number);
          expect([record.bytes.toString(), record.offset, record.line]).toEqual([text, offset, line]);
        }
        offset += Buffer.byteLength(text + between);
        line += (text + between).split('\n').length - 1;
      }
      await expect(found.find(records.length)).rejects.toThrow('segment 0 has no record 9000');
    } finally {
      await found.close();
    }
  });
});
