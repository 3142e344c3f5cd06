import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { compressionOf, readPacked } from '../../../src/curate/rows/packed/packed-source';
import { ZIP, ZSTD } from '../_fixtures/archives';
import { RowsBench, type RowsOutcome } from '../_fixtures/rows-bench';

const bytes = (base64: string): Buffer => Buffer.from(base64, 'base64');
const KEY = 'lake/raw/trips/r1/a1/00000-trips.csv';
const ENDS = { zstd: '.zst', zip: '.zip' };

describe('sources in archives', () => {
  let bench: RowsBench;

  beforeAll(async () => { bench = await RowsBench.start(); });
  afterAll(async () => { await bench.close(); });

  const curate = (kind: 'zstd' | 'zip', archive: Buffer): Promise<RowsOutcome> => bench.curate({ columns: [{ name: 'c', type: 'i32' }] }, archive, { key: `${KEY}${ENDS[kind]}` });

  test.each([
    ['zstd', 'plain', ZSTD.plain], ['zstd', 'frames', ZSTD.frames],
    ['zip', 'stored', ZIP.stored], ['zip', 'streamed', ZIP.streamed], ['zip', 'wide', ZIP.wide], ['zip', 'directory', ZIP.directory],
  ] as const)('%s, %s: gives the records, and offsets in what was packed', async (kind, _name, archive) => {
    const { rows, quarantine, result } = await curate(kind, bytes(archive));
    expect(rows).toEqual([['1'], ['2']]);
    expect(quarantine).toMatchObject([{ code: 'TYPE', offset: 6, line: 4, raw: Buffer.from('bad') }]);
    expect(result.sourceBytes).toBe(10);
  });

  test.each([
    ['zip', ZIP.two, /has 2 members, "a", "b", and must have exactly one; have the source pack one file into each archive/],
    ['zip', ZIP.empty, /has no member/],
    ['zip', ZIP.encrypted, /"t\.csv" is encrypted; have the source pack it without a password/],
    ['zip', ZIP.bzip2, /unsupported compression method: 12/],
    ['zstd', ZSTD.wide, /needs a window of 1073741824 bytes, and at most 134217728 are held/],
    ['zstd', ZIP.stored, /no frame begins at byte 0/],
    ['zip', ZSTD.plain, /not a whole zip file/],
  ] as const)('%s refuses what it cannot open: %#', async (kind, archive, message) => {
    await expect(curate(kind, bytes(archive))).rejects.toMatchObject({ code: kind.toUpperCase(), fault: 'user', message: expect.stringMatching(message) as string });
  });

  /** What is in an archive, or the failure. */
  const opened = async (compression: 'zstd' | 'zip', archive: Buffer): Promise<Buffer> => {
    const ref = { bucket: 'raw', key: KEY };
    await bench.store.upload(ref, Readable.from([archive]));
    const chunks: Uint8Array[] = [];
    await readPacked({ store: bench.store, ref, bytes: archive.length, compression, source: 's3://raw/x' }, async (found) => { for await (const chunk of found) chunks.push(Buffer.from(chunk)); });
    return Buffer.concat(chunks);
  };

  test.each([['zstd', ZSTD.plain], ['zstd', ZSTD.frames], ['zip', ZIP.stored], ['zip', ZIP.streamed]] as const)('%s is refused wherever it is cut, and never gives other bytes when one is damaged: %#', async (kind, archive) => {
    const whole = bytes(archive);
    const good = await opened(kind, whole);
    const step = kind === 'zip' ? 7 : 1;
    const refused = { code: kind.toUpperCase(), fault: 'user' };
    for (let length = 1; length < whole.length; length += step) {
      // Between two frames the ones before are a whole archive.
      if (archive !== ZSTD.frames || ![19, 30].includes(length)) await expect(opened(kind, whole.subarray(0, length))).rejects.toMatchObject(refused);
    }
    // The second frame has no checksum.
    for (let at = 0; at < (archive === ZSTD.frames ? 19 : whole.length); at += step) {
      const damaged = Buffer.from(whole);
      damaged[at]! ^= 0x10;
      const outcome = await opened(kind, damaged).catch((error: unknown) => error);
      if (Buffer.isBuffer(outcome)) expect([at, outcome.toString()]).toEqual([at, good.toString()]);
      else expect([at, outcome]).toMatchObject([at, refused]);
    }
  });

  test.each([['another archive', Buffer.from([0, ...gzipSync('3\n').subarray(1)])], ['archives behind padding', Buffer.concat([Buffer.alloc(512), gzipSync('3\n')])]])('gzip: %s that would be passed over is refused', async (_name, rest) => {
    const gzip = (bytes: Buffer): Promise<RowsOutcome> => bench.curate({ columns: [{ name: 'c', type: 'i32' }] }, bytes, { key: `${KEY}.gz` });
    const whole = gzipSync('c\n1\n2\n');
    await expect(gzip(Buffer.concat([whole, rest]))).rejects.toMatchObject({ code: 'GZIP', fault: 'user', message: expect.stringContaining(`something else follows the archive at byte ${whole.length}`) as string });
    expect((await gzip(Buffer.concat([whole, Buffer.alloc(512)]))).rows).toEqual([['1'], ['2']]);
    expect((await gzip(Buffer.concat([whole, gzipSync('3\n')]))).rows).toEqual([['1'], ['2'], ['3']]);
  });

  test('ends an archive that grows more than a thousandfold', async () => {
    // Blocks of 4 bytes, each of which repeats a byte 131,072 times.
    const block = Buffer.from([(131_072 << 3 | 2) & 255, (131_072 << 3) >> 8 & 255, (131_072 << 3) >> 16, 0x0a]);
    const bomb = (blocks: number): Buffer => Buffer.concat([Buffer.from('28b52ffd0058', 'hex'), ...Array.from({ length: blocks }, () => block), Buffer.from([1, 0, 0])]);
    await expect(opened('zstd', bomb(4_000))).rejects.toMatchObject({ code: 'ZSTD', message: expect.stringContaining('at most 1000 times') as string });
    expect((await opened('zstd', bomb(400))).length).toBe(400 * 131_072);
  });

  test('reads many blocks as libzstd writes them', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'headrace-test-'));
    try {
      const connection = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
      for (const packing of ['zstd', 'uncompressed']) await connection.run(`COPY (SELECT range AS c, hash(range) AS h FROM range(300000)) TO '${join(folder, packing)}' (FORMAT csv, COMPRESSION ${packing})`);
      connection.closeSync();
      const [packed, plain] = await Promise.all(['zstd', 'uncompressed'].map((name) => readFile(join(folder, name))));
      expect((await opened('zstd', packed!)).equals(plain!)).toBe(true);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

test.each([
  ['auto', 'none', 'a.csv', 'none'], ['auto', 'none', 'a.csv.gz', 'gzip'], ['auto', 'none', 'a.csv.zst', 'zstd'], ['auto', 'none', 'a.zip', 'zip'],
  ['auto', 'zip', 'a.csv', 'zip'], ['auto', 'zstd', 'a.csv.gz', 'zstd'], ['none', 'zip', 'a.zip', 'none'], ['zstd', 'none', 'a', 'zstd'],
] as const)('compression %s of a part that begins as %s and is called %s is %s', (compression, first, key, expected) => {
  expect(compressionOf({ compression }, { key, compression: first })).toBe(expected);
});
