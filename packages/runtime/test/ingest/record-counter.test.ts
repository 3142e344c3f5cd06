import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { RecordCounter, type CountRule } from '../../src/ingest/record-counter';

const RULE: CountRule = { unit: 'lines', headerLines: 1, openGzip: true };

async function count(chunks: Iterable<Uint8Array>, rule: Partial<CountRule> = {}): Promise<unknown> {
  const counter = new RecordCounter({ ...RULE, ...rule });
  for (const chunk of chunks) await counter.add(chunk);
  return counter.end();
}

/** Cuts a body into pieces, down to single bytes. */
function cut(body: Buffer, sizes: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  let at = 0;
  for (let n = 0; at < body.length; n += 1) {
    const size = sizes.length === 0 ? body.length : (sizes[n % sizes.length] as number);
    pieces.push(body.subarray(at, at + size));
    at += size;
  }
  return pieces;
}

describe('record counter', () => {
  test.each([
    ['nothing', '', 0, 0],
    ['a header', 'a\n', 0, 1],
    ['a header without end', 'a', 0, 1],
    ['two records', 'a\n1\n2\n', 2, 1],
    ['a last record without end', 'a\n1\n2', 2, 1],
    ['an empty line, which is a line', 'a\n1\n\n2\n', 3, 1],
    ['CRLF', 'a\r\n1\r\n', 1, 1],
    ['a bare CR, which ends no line', 'a\r1\r2\n', 0, 1],
  ])('counts %s', async (_, text, records, headerLines) => {
    expect(await count([Buffer.from(text)])).toEqual({ records, headerLines, compression: 'none' });
  });

  test('counts the same however the bytes arrive, plain or compressed', async () => {
    const lines = fc.array(fc.string({ unit: 'binary', maxLength: 30 }).map((text) => text.replace(/\n/g, '')), { maxLength: 30 });
    await fc.assert(fc.asyncProperty(lines, fc.boolean(), fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 4 }), async (texts, ended, sizes) => {
      const body = Buffer.from(texts.map((text) => `${text}\n`).join('') + (ended ? '' : 'x'));
      const total = texts.length + (ended ? 0 : 1);
      const headerLines = Math.min(1, total);
      expect(await count(cut(body, sizes))).toEqual({ records: total - headerLines, headerLines, compression: 'none' });
      expect(await count(cut(gzipSync(body), sizes))).toEqual({ records: total - headerLines, headerLines, compression: 'gzip' });
    }), { numRuns: 50 });
  });

  test('archives of several members count as one file', async () => {
    expect(await count([Buffer.concat([gzipSync('a\n1\n'), gzipSync('2\n3\n')])])).toMatchObject({ records: 3 });
  });

  test.each([
    ['an archive that nobody asked to open', gzipSync('a\n1\n'), { openGzip: false }],
    ['records that span lines', Buffer.from('a\n1\n'), { unit: 'unknown' as const }],
    ['a broken archive', gzipSync('a\n'.repeat(10_000)).subarray(0, 40), {}],
    ['garbage after the magic', Buffer.concat([Buffer.from([0x1f, 0x8b]), Buffer.alloc(100_000, 7)]), {}],
  ])('does not guess at %s', async (_, body, rule) => {
    expect(await count(cut(body, [7]), rule)).toMatchObject({ records: 'unknown', headerLines: 'unknown' });
  });

  test('without a header every line is a record', async () => {
    expect(await count([Buffer.from('{}\n{}\n')], { headerLines: 0 })).toMatchObject({ records: 2, headerLines: 0 });
  });

  test('a large archive is counted with bounded memory', async () => {
    const archive = gzipSync('abc,def\n'.repeat(4_000_000));
    const before = process.memoryUsage().rss;
    expect(await count(cut(archive, [65_536]))).toMatchObject({ records: 3_999_999 });
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024);
  });
});
