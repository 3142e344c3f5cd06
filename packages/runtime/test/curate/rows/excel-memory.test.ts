import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { readExcel } from '../../../src/curate/rows/excel/excel-part';
import { SharedStrings } from '../../../src/curate/rows/excel/shared-strings';
import { WorkbookArchive } from '../../../src/curate/rows/excel/workbook-archive';
import type { TypedPart } from '../../../src/curate/rows/typed/typed-part';
import { HeldMemory } from '../../_fixtures/held-memory';
import { testContract } from '../_fixtures/contract-text';
import { inline, workbook } from '../_fixtures/workbook';

const MEBIBYTE = 1024 * 1024;
const ROWS = 120_000;
/** Blocks of the archive and of texts, and their copies. */
const ALLOWED = 8 * MEBIBYTE;

function store(bytes: Buffer): TypedPart['store'] {
  const getStream: TypedPart['store']['getStream'] = (_ref, range) => Promise.resolve(Readable.from([bytes.subarray(range?.start, (range?.end ?? bytes.length) + 1)]));
  return { getStream } as TypedPart['store'];
}

/** Runs the reader on a workbook, with what comes of it counted and thrown away. */
async function read(bytes: Buffer): Promise<{ records: number; bad: number; most: number; flushes: number }> {
  const directory = mkdtempSync(join(tmpdir(), 'headrace-excel-'));
  const counts = { records: 0, bad: 0, flushes: 0 };
  const held = new HeldMemory(ALLOWED);
  try {
    await readExcel({
      store: store(bytes),
      ref: { bucket: 'raw', key: 'k' }, bytes: bytes.length, source: 's', directory, segmentBytes: 4 * MEBIBYTE, session: undefined as never,
      dataset: testContract({ columns: [{ name: 'id', type: 'i32' }, { name: 'note', type: 'string' }], record: 'format: excel' }).datasets[0]!,
      useColumns: () => undefined, curate: ({ records }) => { counts.records += records; return Promise.resolve(); },
      bad: () => { counts.bad += 1; },
      flush: () => {
        counts.flushes++;
        held.measure();
        return Promise.resolve();
      },
    });
    return { ...counts, most: held.most };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

test('memory does not grow with the rows of a sheet, good and bad', async () => {
  const rows = `<row><c><v>1</v></c>${inline('a note of some words')}</row>`.repeat(99) + `<row><c t="e"><v>#N/A</v></c>${inline('x')}</row>`;
  const bytes = workbook({ sheets: { Data: `<row>${inline('id')}${inline('note')}</row>${rows.repeat(ROWS / 100)}` } });
  const { records, bad, most } = await read(bytes);
  expect([records, bad]).toEqual([ROWS * 0.99, ROWS * 0.01]);
  expect(most).toBeLessThan(ALLOWED);
});

test('cells that name one long string again and again take no more, good and bad', async () => {
  const strings = ['x'.repeat(100_000), 'y'.repeat(100_000)];
  const rows = '<row><c><v>1</v></c><c t="s"><v>0</v></c></row><row><c t="s"><v>1</v></c><c t="s"><v>1</v></c></row>'.repeat(200);
  const { records, bad, most, flushes } = await read(workbook({ sheets: { Data: `<row>${inline('id')}${inline('note')}</row>${rows}` }, strings }));
  expect([records, bad]).toEqual([400, 0]);
  expect(most).toBeLessThan(ALLOWED);
  // 60 MB of texts come of 30 kB of rows.
  expect(flushes).toBeGreaterThan(30);
});

test('a table of nothing but empty strings is one', async () => {
  const bytes = workbook({ sheets: { Data: '' }, strings: ['', ''] });
  const archive = await WorkbookArchive.open({ store: store(bytes), ref: { bucket: 'raw', key: 'k' }, bytes: bytes.length });
  const table = await SharedStrings.read(archive, 'xl/sharedStrings.xml');
  expect([table.get(0).toString(), table.get(1).toString(), table.get(2)]).toEqual(['', '', 'missing']);
  archive.close();
});

test('an archive that was made to fill a disk is refused, and so is a table of strings that does not fit memory', async () => {
  await expect(read(workbook({ sheets: { Data: `<row>${inline('id')}${inline('note')}</row>${' '.repeat(66 * MEBIBYTE)}` } }))).rejects.toMatchObject({ code: 'EXCEL', message: expect.stringMatching(/not a whole workbook: its \d+ bytes hold more than \d+/) as string });
  const bytes = workbook({ sheets: { Data: '' }, strings: Array.from({ length: 100 }, () => 'x'.repeat(1_000)) });
  const archive = await WorkbookArchive.open({ store: store(bytes), ref: { bucket: 'raw', key: 'k' }, bytes: bytes.length });
  await expect(SharedStrings.read(archive, 'xl/sharedStrings.xml', 100_000)).rejects.toThrow(/table of shared strings has more than 100000 bytes/);
  expect((await SharedStrings.read(archive, 'xl/sharedStrings.xml', 101_200)).get(99).toString()).toBe('x'.repeat(1_000));
  archive.close();
});
