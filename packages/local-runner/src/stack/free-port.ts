import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Below the ports that systems give to outgoing connections, Linux from 32768 and macOS from 49152 on: one of those could be taken between its choice
 * and the start of a server that has no port 0.
 */
const FIRST = 20_000;
const AFTER_LAST = 32_000;
const TRIES = 100;

/** A port of 127.0.0.1 that nobody uses now. */
export async function freePort(): Promise<number> {
  for (let left = TRIES; left > 0; left--) {
    const port = randomInt(FIRST, AFTER_LAST);
    if (await isFree(port)) return port;
  }
  throw new Error(`none of ${TRIES} ports from ${FIRST} to ${AFTER_LAST - 1} that were tried on 127.0.0.1 is free; stop what uses them`);
}

export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => { resolve(false); }).listen(port, '127.0.0.1', () => { probe.close(() => { resolve(true); }); });
  });
}
