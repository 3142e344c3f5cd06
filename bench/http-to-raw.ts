import { randomUUID } from 'node:crypto';
import { Upload } from '@aws-sdk/lib-storage';
import { S3Client } from '@aws-sdk/client-s3';
import { HttpClient } from '@headrace/runtime/ingest/http/http-request';
import { pull } from '@headrace/runtime/ingest/pull';
import { Report } from '@headrace/runtime/report/report';
import { ObjectStore } from '@headrace/runtime/stores/object-store';
import { runCase, setting } from './run-case';

const url = setting('BENCH_SOURCE');
const key = `bench/${randomUUID()}`;
const Bucket = 'raw';

void runCase({
  /** The pull of the ingest task: digest, record count, write-once key. */
  headrace: async () => {
    const { signal } = new AbortController();
    const outcome = await pull(
      {
        dataset: 'flights', source: { kind: 'http', url, headers: {}, timeoutSeconds: 600, retries: 0, minRows: 0 } as never,
        count: { unit: 'lines', headerLines: 1, openGzip: false },
        shards: [{ part: 0, url, fingerprint: url, fileName: 'flights.csv', read: { url }, raw: { bucket: Bucket, key } }],
      },
      { store: new ObjectStore(), report: new Report({ write: () => undefined }), signal },
    );
    const [shard] = outcome.shards;
    if (shard?.outcome !== 'landed') throw new Error(`the pull was ${shard?.outcome}`);
    return { bytes: shard.part.bytes };
  },
  /** The same bytes by the same HTTP client, handed to the AWS SDK's own multipart upload, and nothing else. */
  reference: async () => {
    const client = new HttpClient();
    const answer = await client.get(url, {}, new AbortController().signal);
    let bytes = 0;
    const counted = async function* () {
      for await (const chunk of answer.body as AsyncIterable<Buffer>) {
        bytes += chunk.length;
        yield chunk;
      }
    };
    const { Readable } = await import('node:stream');
    const params = { Bucket, Key: key, Body: Readable.from(counted(), { objectMode: false }) };
    await new Upload({ client: new S3Client({}), params, partSize: 16 * 1024 * 1024, queueSize: 2 }).done();
    await client.close();
    return { bytes };
  },
});
