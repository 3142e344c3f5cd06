import fc from 'fast-check';
import { RecordCounter } from '../../src/ingest/record-counter';
import { RecordIndexer, recordIndexKey, type RecordIndexEntry } from '../../src/ingest/record-index';
import { HttpSource } from '../_fakes/http-source';
import { BUCKET, contractText, IngestStage } from '../_fixtures/ingest-stage';
import { hasPython, python } from '../_fixtures/python';

const QUOTE = 0x22;
const MULTILINE = '{ format: csv, header: exact, multiline: true }';

function indexed(body: Buffer, step: number, sizes: readonly number[]): RecordIndexer {
  const indexer = new RecordIndexer(QUOTE, step);
  for (let at = 0, n = 0; at < body.length; n += 1) {
    const size = sizes.length === 0 ? body.length : (sizes[n % sizes.length] as number);
    indexer.add(body.subarray(at, at + size));
    at += size;
  }
  return indexer;
}

/** What the index must hold, by a scan that knows fields and is slow. */
function slowly(body: Buffer, step: number): { total: number; entries: RecordIndexEntry[] } {
  const starts: RecordIndexEntry[] = [];
  let [at, line, record] = [0, 1, 0];
  while (at < body.length) {
    starts.push({ offset: at, record, line });
    let state: 'start' | 'plain' | 'quoted' = 'start';
    for (let ended = false; at < body.length && !ended; at += 1) {
      const char = String.fromCharCode(body[at] as number);
      if (char === '\n') line += 1;
      if (state === 'quoted') {
        if (char === '"' && body[at + 1] === QUOTE) at += 1;
        else if (char === '"') state = 'plain';
      } else if (char === '"' && state === 'start') state = 'quoted';
      else if (char === ',') state = 'start';
      else if (char === '\n') ended = true;
      else state = 'plain';
    }
    record += 1;
  }
  const entries: RecordIndexEntry[] = [];
  for (let mark = step; mark < body.length; mark += step) {
    const entry = starts.find(({ offset }) => offset >= mark);
    if (entry !== undefined && entries.at(-1)?.offset !== entry.offset) entries.push(entry);
  }
  return { total: starts.length, entries };
}

const field = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'é', ' ', '7', '\r'), maxLength: 6 }).map((text) => text.replaceAll('\r', '')),
  fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r\n', 'ü', ' '), maxLength: 12 }).map((text) => `"${text.replaceAll('"', '""')}"`),
);
const document = fc.tuple(
  fc.array(fc.tuple(field, field, fc.constantFrom('\n', '\r\n')), { maxLength: 30 }), fc.boolean(),
).map(([rows, ended]) => {
  const text = rows.map(([one, two, end]) => `x${one.replace(/^"|"$/g, '').replace(/[",\n\r]/g, '')},${two}${end}`).join('');
  return Buffer.from(ended ? text : text.replace(/\r?\n$/, ''));
});

describe('record index', () => {
  test('notes the records that a slow scan finds, however the bytes arrive', () => {
    const chunks = fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 4 });
    fc.assert(fc.property(document, fc.integer({ min: 1, max: 60 }), chunks, (body, step, sizes) => {
      const indexer = indexed(body, step, sizes);
      const expected = slowly(body, step);
      const found = indexer.document({ key: 'k', bytes: body.length, sha256: 's' })?.entries ?? [];
      expect({ total: indexer.total, entries: found }).toEqual(expected);
    }), { numRuns: 500 });
  });

  (hasPython ? test : test.skip)('counts the records that the csv module of Python reads', async () => {
    const bodies = fc.sample(document, 300).filter((body) => body.length > 0);
    const counted = python<number[]>(
      'import csv, io, json, sys\nprint(json.dumps([sum(1 for _ in csv.reader(io.StringIO(t, newline=""), strict=True)) for t in json.load(sys.stdin)]))',
      bodies.map((body) => body.toString('utf8')),
    );
    expect(bodies.map((body) => indexed(body, 1_000, []).total)).toEqual(counted);
  });

  test('a quote that is never closed makes the rest one record', () => {
    expect(indexed(Buffer.from('a\n"b\nc\nd\n'), 100, []).total).toBe(2);
  });

  test('records that span lines are counted without the header, plain or compressed by none', async () => {
    const counter = new RecordCounter({ unit: 'quoted', quote: QUOTE, headerLines: 1, openGzip: false });
    void counter.add(Buffer.from('id,note\n1,"a\nb"\n2,c'));
    expect(await counter.end()).toEqual({ records: 2, headerLines: 1, compression: 'none' });
  });
});

describe('ingest of records that span lines', () => {
  let stage: IngestStage;
  let source: HttpSource;
  afterEach(async () => {
    await stage.close();
    await source.close();
  });

  async function run(body: Buffer | string, minRows: number): Promise<unknown> {
    source = await HttpSource.start({ body });
    stage = await IngestStage.start({ trips: { kind: 'http', url: source.url(), minRows } }, contractText(['trips'], MULTILINE));
    return (await stage.run('s1')).datasets.trips;
  }

  test('minRows holds there too', async () => {
    expect(await run('id,note\n1,"a\nb\nc"\n2,d\n', 2)).toMatchObject({ outcome: 'committed', counts: { records: 2, headerLines: 1 } });
    await Promise.all([stage.close(), source.close()]);
    await expect(run('id,note\n1,"a\nb\nc"\n2,d\n', 3)).rejects.toMatchObject({ code: 'MIN_ROWS' });
  });

  test('a small part has no index', async () => {
    await run('id,note\n1,a\n', 0);
    expect(stage.log('trips')[0].parts[0].recordIndex).toBeUndefined();
  });

  test('a large part has one beside it, named by the manifest and kept by a second try', async () => {
    const row = `1,"${'x'.repeat(500)}\n${'y'.repeat(500)}"\n`;
    const rows = Math.ceil((66 * 1024 * 1024) / row.length);
    await run(Buffer.from(`id,note\n${row.repeat(rows)}`), 0);
    const [part] = stage.log('trips')[0].parts;
    const key = recordIndexKey(part.key);
    expect(part).toMatchObject({ records: rows, recordIndex: { key, entries: 1 } });
    const index = stage.s3.json(BUCKET, key);
    expect(index).toMatchObject({ schemaVersion: 1, part: { key: part.key, bytes: part.bytes, sha256: part.sha256 }, framing: { quote: '"' }, stepBytes: 67_108_864 });
    const bytes = stage.s3.objects.get(`${BUCKET}/${part.key}`)!.body;
    for (const [n, { offset, record, line }] of index.entries.entries()) {
      expect(offset).toBeGreaterThanOrEqual((n + 1) * 67_108_864);
      expect({ start: bytes.subarray(offset, offset + 4).toString(), end: bytes[offset - 1] }).toEqual({ start: '1,"x', end: 10 });
      expect({ record, line }).toEqual({ record: 1 + (offset - 8) / row.length, line: 2 + ((offset - 8) / row.length) * 2 });
    }
    // Log and results are as before the pull ended, so a second try of it finds the part in place.
    const after = stage.s3.keys(BUCKET, 'demo/').filter((each) => each.includes('/commits/') || each.includes('/pull/'));
    for (const entry of after) stage.s3.objects.delete(`${BUCKET}/${entry}`);
    await stage.run('s1');
    expect(stage.codes()).toContain('INGEST_I1105');
    expect(stage.log('trips')[0].parts[0]).toEqual(part);
    expect(stage.s3.json(BUCKET, key)).toEqual(index);
  }, 120_000);
});
