import { createHmac, createHash } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { generate } from 'selfsigned';
import { HttpApi, type Answer, type Asked, type Handler } from '../../_fakes/http-api';
import { IngestStage } from '../../_fixtures/ingest-stage';

const ARN = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:source-AbCdEf';
const BODY = 'id,note\n1,a\n';

describe('credentials of an HTTP source', () => {
  let api: HttpApi;
  let stage: IngestStage | undefined;
  const servers: HttpApi[] = [];

  afterEach(async () => {
    await stage?.close();
    stage = undefined;
    await Promise.all(servers.splice(0).map((server) => server.close()));
  });

  async function serve(handler: Handler, tls?: object): Promise<HttpApi> {
    const server = await HttpApi.start(handler, tls);
    servers.push(server);
    return server;
  }

  async function open(source: object, secret: string | object): Promise<void> {
    stage = await IngestStage.start({ trips: { kind: 'http', url: `${api.origin}/trips.csv`, ...source } });
    stage.secrets.set(ARN, typeof secret === 'string' ? secret : JSON.stringify(secret));
  }

  const run = async (slot = 's1') => (await stage!.run(slot)).datasets.trips;

  /** Nothing of what a secret holds, in any form in which it is sent, may be found afterwards. */
  function expectNoCanary(): void {
    const written = stage!.everythingWritten();
    expect(written.length).toBeGreaterThan(1_000);
    for (const form of ['canary', Buffer.from('me:canary-1').toString('base64'), Buffer.from('cl+id:canary-1').toString('base64')]) expect(written).not.toContain(form);
  }

  const needs = (allowed: (asked: Asked) => boolean): Handler => (asked) => (allowed(asked) ? { body: BODY } : { status: 401, body: `no, you sent ${JSON.stringify(asked.headers)}` });

  const kinds: Array<[string, object, string | object, (asked: Asked) => unknown, unknown]> = [
    ['basic', { by: 'basic' }, { username: 'me', password: 'canary-1' }, ({ headers }) => headers.authorization, `Basic ${Buffer.from('me:canary-1').toString('base64')}`],
    ['bearer', { by: 'bearer' }, 'canary-1', ({ headers }) => headers.authorization, 'Bearer canary-1'],
    ['a key in a header', { by: 'apiKeyHeader', name: 'X-Api-Key', field: 'key' }, { key: 'canary-1' }, ({ headers }) => headers['x-api-key'], 'canary-1'],
    ['a key in the query', { by: 'apiKeyQuery', name: 'k', field: 'key' }, { key: 'canary-1' }, ({ url }) => url.searchParams.get('k'), 'canary-1'],
  ];

  describe.each(kinds)('%s', (_, auth, secret, sent, expected) => {
    test('lets the task in, and leaves no trace', async () => {
      api = await serve(needs((asked) => sent(asked) === expected));
      await open({ auth: { secretArn: ARN, ...auth } }, secret);
      expect(await run()).toMatchObject({ outcome: 'committed' });
      expectNoCanary();
    });

    test('is read again when it was rotated in the middle of a run', async () => {
      const rotated = JSON.parse(JSON.stringify({ secret }).replace('canary-1', 'canary-2')).secret;
      api = await serve((asked) => {
        // The first answer is cut, and by the next one the old secret is gone.
        if (api.asked.length === 1) return 'cut';
        stage!.secrets.set(ARN, typeof rotated === 'string' ? rotated : JSON.stringify(rotated));
        return sent(asked) === expected ? { status: 401 } : { body: BODY };
      });
      await open({ auth: { secretArn: ARN, ...auth } }, secret);
      expect(await run()).toMatchObject({ outcome: 'committed' });
      expect(api.asked).toHaveLength(3);
      expectNoCanary();
    });

    test('is not sent to another origin by a redirect, and a refusal does not show it', async () => {
      const other = await serve(() => ({ status: 403 }));
      // Some servers put the whole query into the address they send to.
      api = await serve(({ url }) => ({ status: 302, headers: { location: `${other.origin.replace('127.0.0.1', 'localhost')}/x${url.search}` } }));
      await open({ auth: { secretArn: ARN, ...auth } }, secret);
      const [host] = ['localhost'];
      await expect(run()).rejects.toThrow(new RegExp(`SOURCE_ADDRESS.*${host}`));
      stage!.settings.sources.trips.url = `${api.origin.replace('127.0.0.1', 'localhost')}/trips.csv`;
      await expect(run('s2')).rejects.toThrow('SOURCE_STATUS');
      expect(other.asked.map(({ url, headers }) => [url.search, headers.authorization, headers['x-api-key']])).toEqual([['', undefined, undefined]]);
      expectNoCanary();
    });

    test('that the source refuses is a fault of the user, and nothing repeats it', async () => {
      api = await serve(needs(() => false));
      await open({ auth: { secretArn: ARN, ...auth } }, secret);
      await expect(run()).rejects.toThrow(/SOURCE_STATUS.*answered 401/);
      expect(api.asked).toHaveLength(1);
      expectNoCanary();
    });
  });

  test.each<[string, object, string, RegExp]>([
    ['has no such field', { by: 'bearer', field: 'token' }, '{"other": "canary"}', /field token of the secret/],
    ['is no JSON', { by: 'bearer', field: 'token' }, 'canary', /must be text in a JSON object/],
    ['ends with a line', { by: 'bearer' }, 'canary\n', /line break/],
    ['is empty', { by: 'bearer' }, '', /must hold text/],
  ])('a secret that %s fails by name, without its text', async (_, auth, secret, text) => {
    api = await serve(() => ({ body: BODY }));
    await open({ auth: { secretArn: ARN, ...auth } }, secret);
    await expect(run()).rejects.toThrow(text);
    expect(api.asked).toEqual([]);
    expectNoCanary();
  });

  describe('OAuth 2.0', () => {
    let tokens: HttpApi;
    let issued: number;
    let life: number;
    let secret: string;

    beforeEach(async () => {
      issued = 0;
      life = 3_600;
      secret = 'canary-1';
      tokens = await serve(({ headers, body }): Answer => {
        const form = new URLSearchParams(body);
        const given = headers.authorization === `Basic ${Buffer.from(`cl+id:${secret}`).toString('base64')}` || (form.get('client_id') === 'cl id' && form.get('client_secret') === secret);
        if (!given || form.get('grant_type') !== 'client_credentials' || form.get('scope') !== 'read') return { status: 401, body: { error: 'invalid_client', error_description: `no canary ${body}` } };
        issued += 1;
        return { body: { access_token: `canary-token-${issued}`, token_type: 'Bearer', expires_in: life } };
      });
    });

    const auth = (more: object = {}): object => ({ auth: { by: 'oauth2', tokenUrl: `${tokens.origin}/token`, secretArn: ARN, scope: 'read', ...more } });

    test.each([['header'], ['form']])('gets one token for all requests, with its credentials in the %s', async (clientIn) => {
      api = await serve(needs(({ headers }) => headers.authorization === 'Bearer canary-token-1'));
      await open({ ...auth({ clientIn }), url: undefined, urls: [`${api.origin}/a.csv`, `${api.origin}/b.csv`], requestsPerMinute: 60_000 }, { client_id: 'cl id', client_secret: 'canary-1' });
      expect(await run()).toMatchObject({ outcome: 'committed' });
      expect(issued).toBe(1);
      expectNoCanary();
    });

    test('gets a new token before the old one ends', async () => {
      life = 0.001;
      api = await serve(() => ({ body: BODY }));
      await open({ ...auth(), url: undefined, urls: [`${api.origin}/a.csv`, `${api.origin}/b.csv`], requestsPerMinute: 6_000 }, { client_id: 'cl id', client_secret: 'canary-1' });
      await run();
      expect(api.asked.map(({ headers }) => headers.authorization)).toEqual(['Bearer canary-token-1', 'Bearer canary-token-2']);
    });

    test('a token that is refused is replaced, also when the secret has changed since', async () => {
      api = await serve(({ headers }) => {
        if (headers.authorization !== 'Bearer canary-token-1') return { body: BODY };
        secret = 'canary-2';
        stage!.secrets.set(ARN, JSON.stringify({ client_id: 'cl id', client_secret: secret }));
        return { status: 401 };
      });
      await open(auth(), { client_id: 'cl id', client_secret: 'canary-1' });
      expect(await run()).toMatchObject({ outcome: 'committed' });
      expectNoCanary();
    });

    test('a client that the server does not know fails by the code of the standard alone', async () => {
      api = await serve(() => ({ body: BODY }));
      await open(auth(), { client_id: 'cl id', client_secret: 'canary-wrong' });
      await expect(run()).rejects.toThrow(/SOURCE_TOKEN.*answered 401 \(invalid_client\)/);
      expectNoCanary();
    });

    test('a token server that is overloaded is asked again', async () => {
      const { handler } = tokens;
      tokens.handler = (asked) => (tokens.asked.length < 3 ? { status: 503 } : handler(asked));
      api = await serve(() => ({ body: BODY }));
      await open(auth(), { client_id: 'cl id', client_secret: 'canary-1' });
      expect(await run()).toMatchObject({ outcome: 'committed' });
      expect(tokens.asked).toHaveLength(3);
    });
  });

  test('mutual TLS shows the certificate at home alone, under a trusted authority, and takes a rotated one', async () => {
    const names = [{ name: 'commonName', value: '127.0.0.1' }];
    const extensions = [{ name: 'subjectAltName' as const, altNames: [{ type: 7 as const, ip: '127.0.0.1' }] }];
    const [server, first, second] = await Promise.all([generate(names, { extensions }), generate([{ name: 'commonName', value: 'first' }]), generate([{ name: 'commonName', value: 'second' }])]);
    let known = 'first';
    api = await serve(({ socket, url }) => {
      const shown = (socket as TLSSocket).getPeerCertificate().subject?.CN;
      if (url.pathname === '/b.csv') {
        known = 'second';
        stage!.secrets.set(ARN, JSON.stringify({ certificate: second.cert, privateKey: second.private }));
      }
      return shown === known ? { body: BODY } : { status: 403 };
    }, { key: server.private, cert: server.cert, requestCert: true, rejectUnauthorized: false });
    await open({ url: undefined, urls: [`${api.origin}/a.csv`, `${api.origin}/b.csv`], requestsPerMinute: 60_000, certificate: { secretArn: ARN }, trusted: server.cert }, { certificate: first.cert, privateKey: first.private });
    expect(await run()).toMatchObject({ outcome: 'committed', counts: { parts: 2 } });
    const written = stage!.everythingWritten();
    for (const { private: key } of [first, second]) expect(written).not.toContain(key.split('\n')[3]!.trim());

    delete stage!.settings.sources.trips.trusted;
    await expect(run('s2')).rejects.toThrow('SOURCE_TLS');
  });

  test('signs requests with the role of the task, each in its own right', async () => {
    const keys = { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'canary-secret-key', AWS_SESSION_TOKEN: 'canary-session' };
    const before = { ...process.env };
    Object.assign(process.env, keys);
    try {
      api = await serve(needs((asked) => isSigned(asked, keys.AWS_SECRET_ACCESS_KEY)));
      await open({ url: `${api.origin}/stage/trips.csv?b=2&a=1`, auth: { by: 'sigV4', service: 'execute-api', region: 'eu-central-1' } }, '');
      expect(await run()).toMatchObject({ outcome: 'committed' });
      expectNoCanary();
    } finally {
      process.env = before;
    }
  });
});

/** Signature Version 4 as its documentation spells it out, without the library. */
function isSigned({ url, headers }: Asked, secretKey: string): boolean {
  const [, day, region, service, names, signature] = /Credential=AKIDEXAMPLE\/(\d+)\/([\w-]+)\/([\w-]+)\/aws4_request, SignedHeaders=([\w;-]+), Signature=(\w+)/.exec(headers.authorization ?? '') ?? [];
  if (signature === undefined) return false;
  const sha = (text: string): string => createHash('sha256').update(text).digest('hex');
  const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
  const query = [...url.searchParams].map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).sort().join('&');
  const lines = names!.split(';').map((name) => `${name}:${String(headers[name]).trim()}\n`).join('');
  const canonical = ['GET', url.pathname, query, lines, names, headers['x-amz-content-sha256'] ?? sha('')].join('\n');
  const scope = `${day}/${region}/${service}/aws4_request`;
  const key = [day!, region!, service!, 'aws4_request'].reduce<string | Buffer>((made, each) => hmac(made, each), `AWS4${secretKey}`);
  return hmac(key, ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, sha(canonical)].join('\n')).toString('hex') === signature;
}
