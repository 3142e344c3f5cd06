import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** For servers without a port 0. Below the ports of outgoing connections, one of which could be given this one before the server has it. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => { resolve(false); }).listen(port, '127.0.0.1', () => { probe.close(() => { resolve(true); }); });
  });
}
