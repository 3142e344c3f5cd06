import { parseIngestSettings } from '../../src/ingest/settings';
import { SOURCE_KINDS } from '../../src/ingest/source/source-kinds';
import { redactUrl } from '../../src/ingest/http/redact-url';

const GOOD = {
  pipeline: 'demo', rawBucket: 'raw', workPrefix: 'demo/work/ingest-1a2b3c4d/', contract: { bucket: 'assets', key: 'c.yaml' }, codeVersion: 'v1',
  sources: { trips: { kind: 'http', url: 'https://example.com/trips.csv.gz' } },
};

const withSource = (source: object): unknown => ({ ...GOOD, sources: { trips: { ...GOOD.sources.trips, ...source } } });

describe('ingest settings', () => {
  test('fill in what is left out', () => {
    expect(parseIngestSettings(GOOD).sources).toEqual({ trips: { kind: 'http', url: 'https://example.com/trips.csv.gz', headers: {}, timeoutSeconds: 3_600, retries: 4, minRows: 0 } });
  });

  test('headers get lower case names', () => {
    expect(parseIngestSettings(withSource({ headers: { 'X-Region': 'eu' } })).sources.trips).toMatchObject({ headers: { 'x-region': 'eu' } });
  });

  test.each([
    [withSource({ url: 'ftp://example.com/x' }), 'sources.trips.url must be an http or https address'],
    [withSource({ url: 'trips.csv' }), 'sources.trips.url must be an http or https address'],
    [withSource({ url: 'https://me:canary@example.com/x' }), 'sources.trips.url must not hold a user or password'],
    [withSource({ kind: 'gopher' }), `sources.trips.kind must be one of ${SOURCE_KINDS.join(', ')}, got "gopher"`],
    [withSource({ retries: 21 }), 'sources.trips.retries must be a whole number from 0 to 20, got 21'],
    [withSource({ timeoutSeconds: 0 }), 'sources.trips.timeoutSeconds must be'],
    [withSource({ minRows: -1 }), 'sources.trips.minRows must be'],
    [withSource({ headers: { Authorization: 'Bearer canary' } }), 'headers.Authorization would put a secret into the settings'],
    [withSource({ headers: { 'X-Api-Key': 'canary' } }), 'headers.X-Api-Key would put a secret'],
    [withSource({ headers: { Range: 'bytes=0-' } }), 'headers.Range is set by the stage itself'],
    [withSource({ headers: { 'Accept-Encoding': 'gzip' } }), 'headers.Accept-Encoding is set by the stage itself'],
    [withSource({ headers: { 'x-a': '1', 'X-A': '2' } }), 'headers.X-A is given twice'],
    [withSource({ headers: { 'x a': '1' } }), 'has the name "x a"'],
    [withSource({ headers: { 'x-a': 'b\r\nc: d' } }), 'headers.x-a must be one line'],
    [withSource({ headers: { 'x-a': 5 } }), 'headers.x-a must be text'],
    [withSource({ shards: 2 }), 'sources.trips.shards is not a known key'],
    [{ ...GOOD, workPrefix: 'other/work/' }, "workPrefix must begin with the pipeline's prefix demo/"],
    [{ ...GOOD, sources: {} }, 'sources must name at least one dataset'],
    [{ ...GOOD, sources: { Trips: GOOD.sources.trips } }, 'sources has the name "Trips"'],
    [{ ...GOOD, contract: undefined }, 'contract is missing'],
    [{ ...GOOD, pipeline: 'My Pipeline' }, 'pipeline must be'],
  ])('%#: refuses %s', (json, problem) => {
    try {
      parseIngestSettings(json);
      throw new Error('was accepted');
    } catch (error) {
      expect(error).toMatchObject({ code: 'CONFIG', message: expect.stringContaining(problem) });
      expect((error as Error).message).not.toContain('canary');
    }
  });
});

describe('URLs in logs', () => {
  test.each([
    ['https://me:pw@example.com/a#b', 'https://example.com/a'],
    ['https://example.com/a?day=1&sig=x&X-Amz-Signature=y&X-Amz-Credential=z&access_token=t&api_key=k', 'https://example.com/a?day=1&sig=***&X-Amz-Signature=***&X-Amz-Credential=***&access_token=***&api_key=***'],
    ['not a url with pw', 'an unreadable URL'],
  ])('%s', (url, expected) => {
    expect(redactUrl(url)).toBe(expected);
  });
});
