import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { LocalStack } from '@headrace/local-runner';
import { App } from 'aws-cdk-lib';
import { SftpSourceStack } from '../sources/sftp/sftp-source';
import { filesWith, secretValues } from './_fixtures/files-with';
import { runMachine } from './_fixtures/local-pipeline';
import { rawParts } from './_fixtures/raw-parts';
import { HAS_SSHD, SftpServer } from '../../packages/runtime/test/_fixtures/sftp-server';

jest.setTimeout(240_000);

(HAS_SSHD ? describe : describe.skip)('files of a real OpenSSH server', () => {
  test('land through the synthesized machine, byte for byte and once', async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'headrace-sftp-source-'));
    const server = await SftpServer.start();
    let stack: LocalStack | undefined;
    try {
      const files = { 'a.csv': 'id,note\n1,a\n', 'b.csv': 'id,note\r\n2,"b"\r\n' };
      const outgoing = path.join(server.files, 'outgoing');
      mkdirSync(outgoing);
      const hourAgo = Date.now() / 1_000 - 3_600;
      for (const [name, body] of Object.entries(files)) {
        writeFileSync(path.join(outgoing, name), body);
        utimesSync(path.join(outgoing, name), hourAgo, hourAgo);
      }
      const app = new App({ outdir: path.join(folder, 'cdk.out'), analyticsReporting: false });
      new SftpSourceStack(app, 'Trips', {
        contract: path.join(__dirname, '../sources/trips.odcs.yaml'), host: '127.0.0.1', port: server.port, hostKeys: [server.fingerprint], path: outgoing, login: server.login,
      });
      app.synth();
      stack = await LocalStack.start({ assemblyDir: path.join(folder, 'cdk.out'), stateDir: path.join(folder, 'state'), timeFactor: 50 });

      const first = await runMachine(stack, 'Trips/Ingest', { slot: 'first' });
      expect({ status: first.status, error: first.cause }).toEqual({ status: 'SUCCEEDED', error: undefined });
      expect(rawParts(stack, 'trips', 'first').map((file) => readFileSync(file, 'utf8'))).toEqual(Object.values(files));
      await runMachine(stack, 'Trips/Ingest', { slot: 'second' });
      expect(rawParts(stack, 'trips', 'second')).toEqual([]);
      const secrets = secretValues(path.join(folder, 'state'));
      expect(secrets).toHaveLength(1);
      expect(filesWith(path.join(folder, 'state'), secrets)).toEqual([]);
    } finally {
      await stack?.close();
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
