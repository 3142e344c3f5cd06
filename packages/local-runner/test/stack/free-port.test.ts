import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import { freePort } from '../../src/stack/free-port';
import { StateFolder } from '../../src/stack/state-folder';

/** Linux gives ports from here on to outgoing connections, other systems from later ones. */
const FIRST_OF_CONNECTIONS = 32_768;

async function listening(port: number): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => { server.once('error', reject).listen(port, '127.0.0.1', resolve); });
  return server;
}

test('a free port is none that a connection to somewhere else could be given before the server has it', async () => {
  const ports = await Promise.all(Array.from({ length: 50 }, () => freePort()));
  expect(Math.max(...ports)).toBeLessThan(FIRST_OF_CONNECTIONS);
  expect(Math.min(...ports)).toBeGreaterThan(1_023);
  const servers = await Promise.all([...new Set(ports)].map(listening));
  for (const server of servers) server.close();
});

test('a name keeps its port from run to run, while nobody else takes it', async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'headrace-ports-'));
  try {
    const first = await new StateFolder(folder).port('db');
    expect(await new StateFolder(folder).port('db')).toBe(first);
    const other = await listening(first);
    const second = await new StateFolder(folder).port('db');
    other.close();
    expect(second).not.toBe(first);
    expect(await new StateFolder(folder).port('db')).toBe(second);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
