import { MAX_PART_BYTES, MAX_PARTS, partSize } from '../../src/stores/multipart-upload';
import { ObjectStore } from '../../src/stores/object-store';
import { FakeS3 } from '../_fakes/s3-server';

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

describe('part size', () => {
  test('grows, so that a stream of unknown length ends at about 312 GiB', () => {
    let total = 0;
    for (let number = 1; number <= MAX_PARTS; number += 1) {
      expect(partSize(number + 1)).toBeGreaterThanOrEqual(partSize(number));
      total += partSize(number);
    }
    expect(total / GIB).toBeCloseTo(312.5, 1);
    expect(partSize(1)).toBe(8 * MIB);
  });

  test.each([0, 1, 8 * MIB, 78 * GIB, 79 * GIB, 300 * GIB, MAX_PARTS * MAX_PART_BYTES])('fits a known length of %d bytes into the parts there are', (totalBytes) => {
    const size = partSize(1, { totalBytes });
    expect(size * MAX_PARTS).toBeGreaterThanOrEqual(totalBytes);
    expect(size).toBeGreaterThanOrEqual(5 * MIB);
    expect(size).toBeLessThanOrEqual(MAX_PART_BYTES);
  });

  test.each([[1, 5 * MIB], [6 * MIB, 6 * MIB], [GIB, MAX_PART_BYTES]])('%d bytes asked for become %d', (partBytes, expected) => {
    expect(partSize(7, { partBytes })).toBe(expected);
  });
});

describe('upload in parts', () => {
  let s3: FakeS3;
  let store: ObjectStore;
  const ref = { bucket: 'raw', key: 'x' };
  beforeEach(async () => {
    s3 = await FakeS3.start();
    store = new ObjectStore(s3.client());
  });
  afterEach(() => s3.close());

  async function* zeros(bytes: number): AsyncGenerator<Buffer> {
    for (let left = bytes; left > 0; left -= MIB) yield Buffer.alloc(Math.min(MIB, left));
  }

  test('fails before the first byte when the length cannot fit', async () => {
    let read = false;
    const source = (async function* () { read = true; yield Buffer.alloc(1); })();
    await expect(store.upload(ref, source, { totalBytes: MAX_PARTS * MAX_PART_BYTES + 1 })).rejects.toMatchObject({ code: 'UPLOAD_TOO_LARGE', fault: 'user' });
    expect(read).toBe(false);
    expect(s3.requests).toEqual([]);
  });

  test.each([5 * MIB, 32 * MIB, 48 * MIB])('sends parts of %d bytes at once, with at most four and 96 MiB in flight', async (partBytes) => {
    s3.discardBodies = true;
    let now = 0;
    let peak = 0;
    s3.fault = async ({ action }) => {
      if (action !== 'UploadPart') return undefined;
      now += 1;
      peak = Math.max(peak, now);
      await new Promise((resolve) => { setTimeout(resolve, 20); });
      now -= 1;
      return undefined;
    };
    await store.upload(ref, zeros(partBytes * 5 + 1), { partBytes });
    expect(peak).toBeLessThanOrEqual(4);
    expect(peak * partBytes).toBeLessThanOrEqual(96 * MIB);
    expect(peak).toBeGreaterThanOrEqual(2);
  });
});
