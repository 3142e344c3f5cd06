import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { putObject } from '../../src/commands/put-object';
import { findWatch, saveWatch } from '../../src/commands/watched-stack';
import { startS3Endpoint, type S3Endpoint } from '../../src/s3/s3-endpoint';
import { StateFolder } from '../../src/stack/state-folder';

describe('headrace put', () => {
  let folder: string;
  let state: StateFolder;
  let s3: S3Endpoint;
  let out: string;

  beforeEach(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'runner-put-'));
    state = new StateFolder(path.join(folder, 'state'));
    s3 = await startS3Endpoint({ dir: path.join(folder, 's3'), buckets: ['exports'] });
    out = '';
    writeFileSync(path.join(folder, 'a.csv'), 'id\n1\n');
  });
  afterEach(async () => {
    await s3.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const put = (address: string, file = 'a.csv') => putObject({
    file: path.join(folder, file), address, stateDir: state.root, terminal: { out: (text) => { out += text; }, error: () => {}, live: false },
  });
  const up = (): void => saveWatch(state, { endpoint: s3.url, region: 'us-east-1', credentials: { accessKeyId: 'you', secretAccessKey: 'secret' } });

  test('puts a file, byte for byte, into a bucket of the app that is up', async () => {
    up();
    expect(await put('s3://exports/2026/ä b.csv')).toBe(0);
    expect(readFileSync(s3.pathOf('exports', '2026/ä b.csv'), 'utf8')).toBe('id\n1\n');
    expect(out).toBe('s3://exports/2026/ä b.csv: 5 bytes\n');
  });

  test('says what to do where no app is up, or none any more', async () => {
    await expect(put('s3://exports/a.csv')).rejects.toThrow(/no app of .* is up; start headrace watch in another terminal/);
    up();
    state.write('watch.json', { ...state.read<object>('watch.json'), mark: 'of a process that has ended' });
    expect(findWatch(state)).toBeUndefined();
    await expect(put('s3://exports/a.csv')).rejects.toThrow(/no app of/);
    up();
    saveWatch(state, undefined);
    expect(findWatch(state)).toBeUndefined();
  });

  test.each(['exports/a.csv', 's3://exports', 's3://exports/', 's3://exports/folder/', 's3:///a.csv'])('refuses the address %s with an example', async (address) => {
    up();
    await expect(put(address)).rejects.toThrow(`the address must name bucket and key like s3://exports/2026/a.csv, got ${address}`);
  });

  test('refuses what is no file, and tells of a bucket that is not there', async () => {
    up();
    await expect(put('s3://exports/a.csv', 'b.csv')).rejects.toThrow(/b\.csv is no file/);
    await expect(put('s3://elsewhere/a.csv')).rejects.toThrow(/bucket does not exist/);
  });
});
