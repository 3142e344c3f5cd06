import { randomBytes } from 'node:crypto';
import { appendFileSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { BUCKET, contractText, IngestStage } from '../../_fixtures/ingest-stage';
import { HAS_SSHD, SftpServer } from '../../_fixtures/sftp-server';

const CSV = 'id,note\n1,a\n2,b\n';
const HOUR = 3_600;

(HAS_SSHD ? describe : describe.skip)('source sftp, on a real OpenSSH server', () => {
  let server: SftpServer;
  let folder: string;
  let count = 0;
  const opened: IngestStage[] = [];

  beforeAll(async () => { server = await SftpServer.start(); });
  afterAll(() => server?.stop());
  beforeEach(() => {
    folder = path.join(server.files, String(count += 1));
    mkdirSync(folder);
  });
  afterEach(() => Promise.all(opened.splice(0).map((one) => one.close())));

  /** @param age in seconds */
  function put(name: string, body: string | Buffer, age = HOUR): void {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, body);
    touch(name, age);
  }
  function touch(name: string, age: number): void {
    const at = Math.floor(Date.now() / 1_000) - age;
    utimesSync(path.join(folder, name), at, at);
  }
  async function stageOf(settings: Record<string, unknown> = {}, secret: unknown = server.login): Promise<IngestStage> {
    const stage = await IngestStage.start({
      trips: { kind: 'sftp', host: '127.0.0.1', port: server.port, secretArn: 'arn:secret', hostKeys: [server.fingerprint], path: folder, ...settings },
    }, contractText(['trips']));
    stage.secret = async () => (typeof secret === 'string' ? secret : JSON.stringify(secret));
    opened.push(stage);
    return stage;
  }
  const names = (stage: IngestStage, commit = 0): string[] => stage.log('trips')[commit].parts.map((part: any) => decodeURIComponent(part.source.url.slice(part.source.url.indexOf(folder) + folder.length + 1)));
  const body = (stage: IngestStage, nth = 0): Buffer => stage.s3.objects.get(`${BUCKET}/${stage.s3.keys(BUCKET, 'demo/raw/')[nth]}`)!.body;

  test('lands the bytes of each file, with size and time as its version', async () => {
    const large = randomBytes(9_000_001);
    put('b.bin', large);
    put('a ü.csv', CSV);
    put('empty.csv', '');
    const stage = await stageOf();
    const output = await stage.run('s1');
    expect(output.datasets.trips).toMatchObject({ outcome: 'committed', counts: { parts: 3, sourceBytes: 9_000_017, bytes: 9_000_017 } });
    expect([body(stage, 0).toString(), body(stage, 1).equals(large), body(stage, 2).length]).toEqual([CSV, true, 0]);
    const [manifest] = stage.log('trips');
    expect(names(stage)).toEqual(['a ü.csv', 'b.bin', 'empty.csv']);
    expect(manifest.source.url).toBe(`sftp://127.0.0.1:${server.port}${folder}`);
    expect(manifest.parts[0].source.identity).toMatchObject({ etag: expect.stringMatching(/^"16-\d+"$/), bytes: 16, lastModified: expect.stringMatching(/Z$/) });
    expect(JSON.stringify([stage.lines, stage.log('trips')])).not.toContain('PRIVATE KEY');
  });

  test('reads what is new or changed, and nothing twice', async () => {
    put('a.csv', CSV);
    put('b.csv', CSV);
    const stage = await stageOf();
    await stage.run('s1');
    expect((await stage.run('s2')).datasets.trips).toEqual({ outcome: 'unchanged', counts: {} });
    put('b.csv', CSV, HOUR - 1);
    put('c.csv', CSV);
    await stage.run('s3');
    expect(names(stage, 1)).toEqual(['b.csv', 'c.csv']);
  });

  test('leaves files alone that may still be written to', async () => {
    put('old.csv', CSV);
    put('young.csv', CSV, 0);
    put('upload.csv.part', CSV);
    const stage = await stageOf();
    await stage.run('s1');
    expect(names(stage)).toEqual(['old.csv']);
    touch('young.csv', 61);
    await stage.run('s2');
    expect(names(stage, 1)).toEqual(['young.csv']);
  });

  test('a glob leads into folders, and time may be the order', async () => {
    put('2026/b.csv', CSV, 3 * HOUR);
    put('2026/01/a.csv', CSV, HOUR);
    put('2025/c.csv', CSV, 2 * HOUR);
    put('2026/note.txt', CSV);
    symlinkSync(path.join(folder, '2025/c.csv'), path.join(folder, 'link.csv'));
    const stage = await stageOf({ glob: '**/*.csv', order: 'modified' });
    await stage.run('s1');
    expect(names(stage)).toEqual(['2026/b.csv', '2025/c.csv', 'link.csv', '2026/01/a.csv']);
    const flat = await stageOf({ glob: '*.csv' });
    await flat.run('s1');
    expect(names(flat)).toEqual(['link.csv']);
  });

  test('goes on at the byte reached when the server was gone for a moment', async () => {
    const large = randomBytes(40_000_000);
    put('a.bin', large);
    const stage = await stageOf();
    const plan = await stage.plan('s1');
    const cut = cutOnFirstPart(stage, async () => { await server.cut(); await server.resume(); });
    expect(await stage.pull(plan, 0)).toBe(0);
    await cut();
    expect(body(stage).equals(large)).toBe(true);
    const retries = stage.lines.filter(({ code }) => code === 'INGEST_W1201');
    expect(retries[0].data?.offset ?? retries[0].offset).toBeGreaterThan(0);
    expect(stage.codes()).not.toContain('INGEST_W1202');
  });

  test('begins anew, and never splices, when the file changed meanwhile', async () => {
    put('a.bin', randomBytes(40_000_000));
    const after = randomBytes(40_000_000);
    const stage = await stageOf();
    const plan = await stage.plan('s1');
    const cut = cutOnFirstPart(stage, async () => {
      await server.cut();
      put('a.bin', after, HOUR - 5);
      await server.resume();
    });
    expect(await stage.pull(plan, 0)).toBe(0);
    await cut();
    expect(body(stage).equals(after)).toBe(true);
    expect(stage.codes()).toContain('INGEST_W1202');
    expect(stage.s3.uploads.size).toBe(0);
  });

  test('a file that grows while it is read does not land half', async () => {
    put('a.bin', randomBytes(20_000_000));
    const stage = await stageOf();
    const plan = await stage.plan('s1');
    const grow = cutOnFirstPart(stage, async () => { appendFileSync(path.join(folder, 'a.bin'), 'more'); });
    expect(await stage.pull(plan, 0)).toBe(0);
    await grow();
    expect(body(stage).length).toBe(20_000_004);
    expect(stage.codes()).toContain('INGEST_W1202');
  });

  test('refuses a server with another host key, naming both', async () => {
    const other = `SHA256:${'A'.repeat(43)}`;
    const stage = await stageOf({ hostKeys: [other] });
    await expect(stage.plan('s1')).rejects.toMatchObject({ code: 'SOURCE_HOST_KEY', kind: 'terminal', message: expect.stringContaining(server.fingerprint) });
    await expect(stage.plan('s1')).rejects.toMatchObject({ message: expect.stringContaining(other) });
    expect((await (await stageOf({ hostKeys: [other, server.fingerprint] })).plan('s1')).items.count).toBe(0);
  });

  test('a login that is rotated in the middle of a run, and once more while it is being used, is read again', async () => {
    put('a.csv', CSV);
    put('b.bin', randomBytes(9_000_000));
    const rotated = { ...server.login, privateKey: server.strangersKey };
    const logins = [server.login];
    const stage = await stageOf();
    stage.secret = async () => JSON.stringify(logins.length > 1 ? logins.shift() : logins[0]);
    try {
      const plan = await stage.plan('s1');
      // The secret follows a moment after the server.
      server.allow('stranger');
      logins.push(rotated);
      const upload = stage.store.upload.bind(stage.store);
      stage.store.upload = async (...call) => {
        const done = await upload(...call);
        // The next file needs another connection, and finds the login changed back.
        if (logins.length === 1 && logins[0] === rotated) {
          server.allow('client');
          logins.push({ ...server.login });
          await server.cut();
          await server.resume();
        }
        return done;
      };
      expect(await stage.pull(plan, 0)).toBe(0);
      expect((await stage.commit('s1')).datasets.trips).toMatchObject({ outcome: 'committed', counts: { parts: 2, bytes: 9_000_016 } });
      const written = stage.everythingWritten();
      for (const { privateKey } of [server.login, rotated]) expect(written).not.toContain(privateKey.split('\n')[2]);
    } finally {
      server.allow('client');
    }
  });

  test.each([
    ['a key that the server does not know', () => ({ ...server.login, privateKey: server.strangersKey }), 'SOURCE_LOGIN', /refused the login.*private key in the secret arn:secret/],
    ['no password and no key', () => ({ username: 'x' }), 'SOURCE_SECRET', /must be a JSON object of texts with password or privateKey/],
    ['no JSON', () => 'hunter2', 'SOURCE_SECRET', /must be a JSON object/],
    ['a key that is none', () => ({ username: 'x', privateKey: 'hunter2' }), 'SOURCE_SECRET', /privateKey cannot be read/],
  ])('fails at once with a secret of %s', async (_, secret, code, message) => {
    const failure = await (await stageOf({}, secret())).plan('s1').catch((error: unknown) => error);
    expect(failure).toMatchObject({ code, kind: 'terminal', message: expect.stringMatching(message) });
    expect(String(failure)).not.toContain('hunter2');
  });

  test('names a folder that is not there', async () => {
    await expect((await stageOf({ path: `${folder}/none` })).plan('s1')).rejects.toMatchObject({ code: 'SOURCE_GONE', message: expect.stringMatching(/none is not there; correct the path/) });
  });

  test.each([
    [{ hostKeys: [] }, /hostKeys must name at least one fingerprint.*ssh-keyscan/],
    [{ hostKeys: ['MD5:aa'] }, /hostKeys must be fingerprints/],
    [{ port: 0 }, /port must be a whole number from 1 to 65535/],
    [{ settleSeconds: -1 }, /settleSeconds must be a whole number/],
  ])('refuses the settings %j', async (settings, message) => {
    await expect((await stageOf(settings)).plan('s1')).rejects.toMatchObject({ code: 'CONFIG', message: expect.stringMatching(message) });
  });
});

/** Lets something happen while the first part of an upload is under way; the answer waits for it. */
function cutOnFirstPart(stage: IngestStage, happen: () => Promise<void>): () => Promise<void> {
  let happened: Promise<void> | undefined;
  stage.s3.fault = async ({ action }) => {
    if (action === 'CreateMultipartUpload' && happened === undefined) {
      happened = happen();
      await happened;
    }
    return undefined;
  };
  return async () => {
    if (happened === undefined) throw new Error('nothing was uploaded in parts');
    await happened;
  };
}
