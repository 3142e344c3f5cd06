import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { HttpSource } from '../_fakes/http-source';
import { BUCKET, contractText, IngestStage } from '../_fixtures/ingest-stage';

const TEXT = 'id,note\n1,a\n';
/** An archive with one stored file, as `zip -0` writes it. */
const ZIP = Buffer.concat([Buffer.from('504b03040a0000000000', 'hex'), randomBytes(200), Buffer.from('504b0506', 'hex'), Buffer.alloc(18)]);
/** One raw block, as `zstd --no-check` would write bytes that do not shrink. */
const ZSTD = Buffer.concat([Buffer.from('28b52ffd2001090000', 'hex'), Buffer.from('a')]);

describe('any format lands as it is', () => {
  test.each<[name: string, record: string, file: string, body: Buffer | string, compression: string, records: number | 'unknown']>([
    ['csv', '{ format: csv }', 'a.csv', TEXT, 'none', 1],
    ['csv with CR LF and a byte order mark', '{ format: csv }', 'a.csv', '\ufeffid,note\r\n1,a\r\n', 'none', 1],
    ['tsv', '{ format: tsv }', 'a.tsv', 'id\tnote\n1\ta\n', 'none', 1],
    ['ndjson', '{ format: ndjson }', 'a.ndjson', '{"id":1}\n{"id":2}\n', 'none', 2],
    ['json', '{ format: json }', 'a.json', '[\n{"id":1}\n]\n', 'none', 'unknown'],
    ['xml', '{ format: xml }', 'a.xml', '<?xml version="1.0" encoding="ISO-8859-1"?>\n<a>\xe9</a>\n', 'none', 'unknown'],
    ['parquet', '{ format: parquet }', 'a.parquet', Buffer.concat([Buffer.from('PAR1'), randomBytes(300), Buffer.from('PAR1')]), 'none', 'unknown'],
    ['avro', '{ format: avro }', 'a.avro', Buffer.concat([Buffer.from('Obj\x01'), randomBytes(300)]), 'none', 'unknown'],
    ['fixed-width, of a mainframe', '{ format: fixed-width }', 'a.dat', randomBytes(480), 'none', 'unknown'],
    ['excel', '{ format: excel }', 'a.xlsx', ZIP, 'zip', 'unknown'],
    ['excel of before 2007', '{ format: excel }', 'a.xls', Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), randomBytes(300)]), 'none', 'unknown'],
    ['text', '{ format: text }', 'a.log', 'one\ntwo\nthree', 'none', 3],
    ['csv in gzip', '{ format: csv }', 'a.csv.gz', gzipSync(TEXT), 'gzip', 'unknown'],
    ['csv in zip', '{ format: csv }', 'a.zip', ZIP, 'zip', 'unknown'],
    ['an empty zip', '{ format: csv }', 'a.zip', Buffer.concat([Buffer.from('504b0506', 'hex'), Buffer.alloc(18)]), 'zip', 'unknown'],
    ['csv in zstd', '{ format: csv }', 'a.csv.zst', ZSTD, 'zstd', 'unknown'],
    ['text that begins like an archive', '{ format: text }', 'a.txt', 'PK\n', 'none', 1],
    ['a part of a signature', '{ format: text }', 'a.txt', Buffer.from([0x28, 0xb5]), 'none', 1],
  ])('%s', async (_, record, file, given, compression, records) => {
    const body = typeof given === 'string' ? Buffer.from(given, 'utf8') : given;
    const source = await HttpSource.start({ body });
    const stage = await IngestStage.start({ trips: { kind: 'http', url: source.url(`/files/${file}`) } }, contractText(['trips'], record));
    try {
      await stage.run('s1');
      const [part] = stage.log('trips')[0].parts;
      expect(stage.s3.objects.get(`${BUCKET}/${part.key}`)?.body.equals(body)).toBe(true);
      expect(part).toMatchObject({ key: `demo/raw/trips/s1/a1/00000-${file}`, bytes: body.length, compression, records });
    } finally {
      await stage.close();
      await source.close();
    }
  });
});
