import { CATALOGUE, levelOf, textOf, type MessageCode } from '../../src/report/catalogue';
import { Progress } from '../../src/report/progress';
import { Report } from '../../src/report/report';

const codes = Object.keys(CATALOGUE) as MessageCode[];

describe('message catalogue', () => {
  test.each(codes)('%s has a code that tells its level, and a text', (code) => {
    expect(code).toMatch(/^(TASK|FUNCTION|INGEST|CURATE|LOAD)_[IWE]\d{4}$/);
    expect(CATALOGUE[code].length).toBeGreaterThan(5);
    expect(CATALOGUE[code]).not.toMatch(/\.$/);
  });

  test('levels follow the letter', () => {
    expect([levelOf('TASK_I0001'), levelOf('TASK_W0001'), levelOf('TASK_E0001')]).toEqual(['info', 'warning', 'error']);
  });

  test('placeholders are filled, and say so when there is nothing', () => {
    expect(textOf('INGEST_I1101', { dataset: 'trips', url: 'u' })).toBe('pulling trips from u');
    expect(textOf('INGEST_I1101', { dataset: null })).toBe('pulling unknown from unknown');
  });
});

describe('report', () => {
  const lines: string[] = [];
  const report = new Report({ write: (line) => lines.push(line), now: () => new Date('2026-01-05T00:00:00Z') });
  beforeEach(() => lines.splice(0));

  test('writes one JSON line a message', () => {
    report.with({ step: 'pull' }).say('INGEST_I1101', { dataset: 'trips', url: 'u\n', big: 10n, error: new Error('x') });
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toContain('\n');
    expect(JSON.parse(lines[0]!)).toEqual({
      time: '2026-01-05T00:00:00.000Z', code: 'INGEST_I1101', level: 'info', message: 'pulling trips from u\n', data: { step: 'pull', dataset: 'trips', url: 'u\n', big: '10', error: 'Error: x' },
    });
  });

  test.each(['plain-secret', 'with "quotes" and \\', 'ü/%?#@:'])('never shows the protected %s', (secret) => {
    const child = report.with({ a: 1 });
    report.protect(secret);
    child.say('INGEST_I1101', { dataset: secret, url: `postgres://me:${encodeURIComponent(secret)}@host`, nested: { deep: [secret] } });
    expect(lines[0]).not.toContain(secret);
    expect(lines[0]).not.toContain(encodeURIComponent(secret));
    expect(JSON.parse(lines[0]!).data).toEqual({ a: 1, dataset: '***', url: 'postgres://me:***@host', nested: { deep: ['***'] } });
  });

  test('a secret within a secret leaves no rest', () => {
    const own = new Report({ write: (line) => lines.push(line) });
    own.protect('abcd');
    own.protect('abcdefgh');
    own.say('INGEST_I1101', { dataset: 'abcdefgh' });
    expect(lines[0]).not.toContain('efgh');
  });
});

describe('progress', () => {
  test('says at most one line a second, with rates', () => {
    const lines: any[] = [];
    let ms = 0;
    const progress = new Progress({ report: new Report({ write: (line) => lines.push(JSON.parse(line)) }), code: 'INGEST_I1102', data: { dataset: 'trips' }, monotonic: () => ms });
    for (ms = 100; ms <= 3_000; ms += 100) progress.add(1_000, 10);
    expect(lines.map(({ data }) => data.bytes)).toEqual([10_000, 20_000, 30_000]);
    expect(lines[2].data).toMatchObject({ dataset: 'trips', records: 300, seconds: 3, bytesPerSecond: 10_000, recordsPerSecond: 100 });
  });

  test('records are unknown until some are counted', () => {
    const progress = new Progress({ report: new Report({ write: () => undefined }), code: 'INGEST_I1102', monotonic: () => 0 });
    progress.add(5);
    expect(progress.totals()).toMatchObject({ bytes: 5, records: 'unknown', recordsPerSecond: 'unknown' });
  });
});
