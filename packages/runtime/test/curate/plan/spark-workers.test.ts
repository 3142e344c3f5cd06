import { sparkWorkers } from '../../../src/curate/plan/spark-workers';
import type { RawManifest } from '../../../src/run/manifest';

const NOW = new Date('2026-01-01T00:00:00Z');
const HOUR = { max: 50, vcpus: 4, withinSeconds: 3_600 };

function parts(gigabytes: number, compression: 'none' | 'gzip' = 'none'): RawManifest['parts'] {
  return [0, 1].map((part) => ({ key: `p${part}`, bytes: (gigabytes * 1e9) / 2, sha256: '0', records: 'unknown', compression, source: { url: 'x', identity: {} } }));
}

const after = (minutes: number) => new Date(NOW.getTime() + minutes * 60_000).toISOString();

test.each<[string, ReturnType<typeof parts>, string | undefined, typeof HOUR, number, number]>([
  ['as many as its bytes need', parts(500), undefined, HOUR, 6, 6],
  ['more for more bytes', parts(1_000), undefined, HOUR, 11, 11],
  ['more of packed bytes', parts(200, 'gzip'), undefined, HOUR, 11, 11],
  ['fewer large ones', parts(1_000), undefined, { ...HOUR, vcpus: 8 }, 6, 6],
  ['two at least: a driver shapes nothing', parts(0), undefined, HOUR, 2, 2],
  ['more where half of the time until the deadline is shorter', parts(500), after(60), HOUR, 11, 11],
  ['no fewer where the deadline is far', parts(500), after(6_000), HOUR, 6, 6],
  ['all that it may have where those are too few', parts(10_000), undefined, HOUR, 50, 93],
  ['all that it may have when the deadline has passed', parts(10), after(-5), HOUR, 50, 326],
])('a batch gets %s', (_title, batch, deadline, wanted, workers, needed) => {
  expect(sparkWorkers(wanted, batch, deadline, NOW)).toEqual({ workers, needed });
});
