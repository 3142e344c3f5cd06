import { mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { SftpSourceStack } from '../../../sources/sftp/sftp-source';
import { SftpServer } from '../../../../packages/runtime/test/_fixtures/sftp-server';
import { ByteLine } from '../byte-line';
import type { SoakSource, StartSource } from '../soak-source';
import { fileBatch } from './file-batch';

/** Files of a real OpenSSH server. */
export const startSftpSource: StartSource = async (gate): Promise<SoakSource> => {
  const [server, line] = await Promise.all([SftpServer.start(), ByteLine.start(gate, 'SFTP')]);
  line.upstream = server.port;
  const outgoing = path.join(server.files, 'outgoing');
  let files: Readonly<Record<string, string>> = {};
  return {
    pipeline: 'trips', dataset: 'trips',
    define: (app) => new SftpSourceStack(app, 'Trips', {
      contract: path.join(__dirname, '../../../sources/trips.odcs.yaml'), host: '127.0.0.1', port: line.port, hostKeys: [server.fingerprint], path: outgoing, login: server.login,
    }),
    restart: () => {
      rmSync(outgoing, { recursive: true, force: true });
      mkdirSync(outgoing);
    },
    next: (batch) => {
      files = fileBatch(batch);
      // Files that were changed a moment ago may still grow, and are left for later.
      const hourAgo = Date.now() / 1_000 - 3_600;
      for (const [name, body] of Object.entries(files)) {
        writeFileSync(path.join(outgoing, name), body);
        utimesSync(path.join(outgoing, name), hourAgo, hourAgo);
      }
    },
    expected: () => Object.values(files),
    pieces: (part) => [part.toString('utf8')],
    close: async () => {
      await line.close();
      await server.stop();
    },
  };
};
