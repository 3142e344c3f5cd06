import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import fc from 'fast-check';
import { AwsChunkedDecoder } from '../../src/s3/aws-chunked';
import { checksumOf, type ChecksumName } from '../../src/s3/checksum';
import { someBytes, startS3Fixture, type S3Fixture } from '../_fixtures/s3-fixture';

interface Framing { readonly signed: boolean; readonly trailers: Record<string, string> }

function frame(chunks: readonly Buffer[], { signed, trailers }: Framing): Buffer {
  const header = (bytes: number) => `${bytes.toString(16)}${signed ? `;chunk-signature=${'0'.repeat(64)}` : ''}\r\n`;
  const lines = Object.entries(trailers).map(([name, value]) => `${name}:${value}\r\n`).join('');
  const framed = chunks.flatMap((chunk) => [Buffer.from(header(chunk.length)), chunk, Buffer.from('\r\n')]);
  return Buffer.concat([...framed, Buffer.from(`${header(0)}${lines}\r\n`)]);
}

test('a body is decoded the same wherever the network cuts it', () => {
  const chunk = fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => Buffer.from(bytes));
  const somewhere = fc.array(fc.nat(300), { maxLength: 8 });
  fc.assert(fc.property(fc.array(chunk, { maxLength: 5 }), fc.boolean(), somewhere, (chunks, signed, cuts) => {
    const trailers: Record<string, string> = signed ? {} : { 'x-amz-checksum-crc32': 'AAAAAA==' };
    const framed = frame(chunks, { signed, trailers });
    const decoder = new AwsChunkedDecoder();
    const data: Buffer[] = [];
    const edges = [0, ...cuts.map((cut) => Math.min(cut, framed.length)).sort((a, b) => a - b), framed.length];
    for (let i = 1; i < edges.length; i++) data.push(...decoder.push(framed.subarray(edges[i - 1], edges[i])));
    decoder.end();
    expect(Buffer.concat(data).equals(Buffer.concat(chunks))).toBe(true);
    expect(decoder.trailers).toEqual(trailers);
  }), { numRuns: 300 });
});

test('a body cut anywhere before its last chunk is incomplete', () => {
  const framed = frame([Buffer.from('hello'), Buffer.from('world')], { signed: true, trailers: {} });
  const lastChunk = framed.lastIndexOf('0;chunk-signature=');
  for (let end = 0; end < lastChunk; end++) {
    const decoder = new AwsChunkedDecoder();
    expect(() => {
      Array.from(decoder.push(framed.subarray(0, end)));
      decoder.end();
    }).toThrow('terminated unexpectedly');
  }
});

test.each(['zz\r\n', '5\r\nhelloX\r\n', '5\nhello\r\n', '0\r\nno colon\r\n\r\n', '0\r\n\r\nmore'])('fails when the framing is broken: %j', (text) => {
  const decoder = new AwsChunkedDecoder();
  expect(() => [...decoder.push(Buffer.from(text))]).toThrow('broken');
});

describe('over HTTP', () => {
  let fixture: S3Fixture;
  beforeAll(async () => { fixture = await startS3Fixture(); });
  afterAll(() => fixture.close());
  const leftovers = () => readdirSync(join(fixture.dir, '.headrace-s3', 'temporary'));

  type Headers = Record<string, string | number>;
  const put = (key: string, body: Buffer, headers: Headers) => new Promise<{ status?: number; text: string }>((resolve, reject) => {
    const sent = request(`${fixture.s3.url}/lake/${key}`, { method: 'PUT', headers: { 'content-length': body.length, ...headers } }, (answer) => {
      const pieces: Buffer[] = [];
      answer.on('data', (piece) => pieces.push(piece)).on('end', () => resolve({ status: answer.statusCode, text: Buffer.concat(pieces).toString() }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
  const get = async (key: string) => Buffer.from(await (await fetch(`${fixture.s3.url}/lake/${key}`)).arrayBuffer());

  const body = someBytes(200_001);
  const pieces = [body.subarray(0, 65_536), body.subarray(65_536, 65_537), body.subarray(65_537)];

  test.each<[string, Framing]>([
    ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD', { signed: true, trailers: {} }],
    ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER', { signed: true, trailers: { 'x-amz-trailer-signature': '0'.repeat(64) } }],
    ['STREAMING-UNSIGNED-PAYLOAD-TRAILER', { signed: false, trailers: {} }],
    ['STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER', { signed: true, trailers: { 'x-amz-trailer-signature': '0'.repeat(64) } }],
  ])('%s is taken off, its trailer verified', async (kind, framing) => {
    for (const name of ['crc32', 'crc32c', 'crc64nvme', 'sha1', 'sha256'] as ChecksumName[]) {
      const send = async (value: string) => {
        const trailers = kind.endsWith('TRAILER') ? { [`x-amz-checksum-${name}`]: value, ...framing.trailers } : {};
        const announced: Headers = kind.endsWith('TRAILER') ? { 'x-amz-trailer': `x-amz-checksum-${name}` } : { [`x-amz-checksum-${name}`]: value };
        return put(`${kind}-${name}`, frame(pieces, { ...framing, trailers }), {
          'x-amz-content-sha256': kind, 'x-amz-decoded-content-length': body.length, 'content-encoding': 'aws-chunked', ...announced,
        });
      };
      const wrong = await send(Buffer.alloc(8).toString('base64'));
      expect([wrong.status, wrong.text]).toEqual([400, expect.stringContaining('<Code>BadDigest</Code>')]);
      expect((await send(await checksumOf(name, body))).status).toBe(200);
      expect((await get(`${kind}-${name}`)).equals(body)).toBe(true);
    }
    expect(leftovers()).toEqual([]);
  });

  const framed = frame(pieces, { signed: false, trailers: {} });
  const unsigned = { 'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER' };
  test.each<[string, Buffer, Record<string, string | number>, number, string]>([
    ['the decoded length is larger', framed, { ...unsigned, 'x-amz-decoded-content-length': body.length + 1 }, 400, 'IncompleteBody'],
    ['the decoded length is smaller', framed, { ...unsigned, 'x-amz-decoded-content-length': body.length - 1 }, 400, 'IncompleteBody'],
    ['the decoded length is missing', framed, unsigned, 411, 'MissingContentLength'],
    ['the announced trailer is missing', framed, { ...unsigned, 'x-amz-decoded-content-length': body.length, 'x-amz-trailer': 'x-amz-checksum-crc32' }, 400, 'MalformedTrailerError'],
    ['the body ends before its last chunk', framed.subarray(0, 100_000), { ...unsigned, 'x-amz-decoded-content-length': body.length }, 400, 'IncompleteBody'],
    ['the SHA-256 of the body differs', body, { 'x-amz-content-sha256': createHash('sha256').update('x').digest('hex') }, 400, 'XAmzContentSHA256Mismatch'],
    ['the kind of payload is unknown', body, { 'x-amz-content-sha256': 'STREAMING-SOMETHING' }, 400, 'InvalidArgument'],
    ['the Content-MD5 is not one', body, { 'content-md5': 'abc' }, 400, 'InvalidDigest'],
    ['two checksums are sent', body, { 'x-amz-checksum-crc32': 'AAAAAA==', 'x-amz-checksum-sha1': 'AAAA' }, 400, 'InvalidRequest'],
    ['the checksum is none that S3 has', body, { 'x-amz-sdk-checksum-algorithm': 'CRC16' }, 400, 'InvalidRequest'],
  ])('fails when %s, and stores nothing', async (_, sent, headers, status, code) => {
    const answer = await put('refused', sent, headers);
    expect([answer.status, answer.text]).toEqual([status, expect.stringContaining(`<Code>${code}</Code>`)]);
    expect((await fetch(`${fixture.s3.url}/lake/refused`)).status).toBe(404);
    expect(leftovers()).toEqual([]);
  });

  test('a body without a length is refused', async () => {
    const answer = await fetch(`${fixture.s3.url}/lake/refused`, { method: 'PUT', body: new Blob(['x']).stream(), duplex: 'half' } as RequestInit);
    expect(answer.status).toBe(411);
  });

  test('a client that goes away in the middle leaves nothing behind', async () => {
    const socket = connect(fixture.s3.port, '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    socket.write('PUT /lake/half HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n');
    socket.write(Buffer.alloc(300_000));
    await until(() => leftovers().length === 1);
    socket.destroy();
    await until(() => leftovers().length === 0);
    expect((await fetch(`${fixture.s3.url}/lake/half`)).status).toBe(404);
  });
});

/** Waits for something that another party does, without a fixed pause. */
async function until(condition: () => boolean): Promise<void> {
  for (let turns = 0; turns < 5000; turns++) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  throw new Error('it did not happen within 5 seconds');
}
