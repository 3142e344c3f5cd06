import { createHash, randomBytes } from 'node:crypto';
import { HttpSource } from '../_fakes/http-source';
import type { S3Fault, S3Request } from '../_fakes/s3-server';
import { BUCKET, IngestStage } from '../_fixtures/ingest-stage';

// Some thirty ingests one after the other; seconds when the machine is idle.
jest.setTimeout(180_000);

const MIB = 1024 * 1024;

const SMALL = Buffer.from('id,note\n1,a\n');

/** Larger than one part, so that the upload has all its requests. */
const LARGE = Buffer.concat([randomBytes(9 * MIB), Buffer.from('\n')]);

const IN_PARTS = new Set(['CreateMultipartUpload', 'UploadPart', 'CompleteMultipartUpload']);

describe.each<[string, S3Fault]>([
  ['never reaches the store', 'reset'],
  ['is done, and its answer is lost', 'lose-answer'],
])('ingest, when one request %s', (_, fault) => {
  test.each([
    ['each request of a small file', SMALL, () => true, 12],
    ['each request of an upload in parts', LARGE, ({ action }: S3Request) => IN_PARTS.has(action), 4],
  ])('ends with one object and one commit: %s', async (_name, body, counts, least) => {
    const source = await HttpSource.start({ body });
    try {
      // The loop ends by itself, with the first run that has fewer requests than this.
      let n = 0;
      while (await run(source, body, n, fault, counts)) n += 1;
      expect(n).toBeGreaterThanOrEqual(least);
    } finally {
      await source.close();
    }
  });
});

/** One ingest in which the n-th request that counts fails; false when there was none. */
async function run(source: HttpSource, body: Buffer, n: number, fault: S3Fault, counts: (request: S3Request) => boolean): Promise<boolean> {
  // The client tries once only, so that each fault reaches our own code.
  const stage = await IngestStage.start({ trips: { kind: 'http', url: source.url() } }, undefined, 1);
  try {
    let seen = 0;
    stage.s3.fault = (request) => {
      if (!counts(request)) return undefined;
      seen += 1;
      return seen === n + 1 ? fault : undefined;
    };
    const plan = await again(() => stage.plan('s1'));
    await again(async () => {
      const exit = await stage.pull(plan, 0);
      if (exit !== 0) throw new Error(`exit ${exit}: ${JSON.stringify(stage.errors.at(-1))}`);
    });
    const output = await again(() => stage.commit('s1'));
    expect(['committed', 'already-committed']).toContain(output.datasets.trips?.outcome);

    const [manifest, ...more] = stage.log('trips');
    expect(more).toEqual([]);
    expect(stage.s3.keys(BUCKET, 'demo/raw/')).toEqual([manifest.parts[0].key]);
    expect(stage.s3.objects.get(`${BUCKET}/${manifest.parts[0].key}`)?.body.equals(body)).toBe(true);
    expect(manifest.parts[0]).toMatchObject({ bytes: body.length, sha256: createHash('sha256').update(body).digest('hex') });
    // An upload whose id never reached anybody can only be removed by the bucket's lifecycle rule.
    if (fault !== 'lose-answer') expect(stage.s3.uploads.size).toBe(0);
    return seen > n;
  } finally {
    await stage.close();
  }
}

/** As a state machine would: one retry. */
async function again<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch {
    return step();
  }
}
