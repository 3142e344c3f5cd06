import { createHash } from 'node:crypto';
import { connect as connectSocket, isIP, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Client, ConnectConfig, FileEntryWithStats, SFTPWrapper, Stats } from 'ssh2';
import { userError, type PipelineError } from '../../errors/pipeline-error';
import type { ReadSecret } from '../../stores/read-secret';
import { checkAddress, guardedLookup } from '../http/address-guard';
import { readLogin, type SftpLogin } from './sftp-login';
import type { SftpSourceSettings } from './sftp-settings';

/** Until the login is done. */
const READY_MS = 30_000;

/** A server that answers none of four questions in a row is gone; with them a firewall keeps the way open. */
const KEEPALIVE_MS = 15_000;
const KEEPALIVE_MISSES = 4;

/** What ssh2 says of a login that the server refuses. */
const REFUSED = 'client-authentication';
/** A rotation changes the server first and the secret a moment later. */
const ROTATION_MS = 2_000;

/** One login, and the few calls that a reader needs. All calls fail once the connection has. */
export class SftpConnection {
  private ended: Error | undefined;
  private readonly waiting = new Set<(error: Error) => void>();

  private constructor(private readonly client: Client, private readonly sftp: SFTPWrapper) {
    client.on('error', (error) => { this.end(error); });
    client.on('close', () => { this.end(new Error('the connection was closed')); });
  }

  /**
   * Connects and logs in with the secret as it is now; a login that was changed between the two is read once more. Throws what went wrong as
   * it is, or a PipelineError that names the cure.
   */
  static async open(source: SftpSourceSettings, secret: ReadSecret, signal: AbortSignal): Promise<SftpConnection> {
    const first = await readLogin(source, secret, signal);
    try {
      return await SftpConnection.logIn(source, first, signal);
    } catch (error) {
      if ((error as { level?: string }).level !== REFUSED) throw error;
      await delay(ROTATION_MS, undefined, { signal });
      const second = await readLogin(source, secret, signal);
      if (isDeepStrictEqual(first, second)) throw error;
      return SftpConnection.logIn(source, second, signal);
    }
  }

  private static async logIn(source: SftpSourceSettings, login: SftpLogin, signal: AbortSignal): Promise<SftpConnection> {
    // Loaded by those who have such a source only: it would slow the start of every task.
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- import() would not run in tests, which have no modules
    const ssh = require('ssh2') as typeof import('ssh2');
    const client = new ssh.Client();
    const sock = socketTo(source);
    let refused: PipelineError | undefined;
    const config: ConnectConfig = {
      sock, ...login, readyTimeout: READY_MS, keepaliveInterval: KEEPALIVE_MS, keepaliveCountMax: KEEPALIVE_MISSES,
      hostVerifier: (key: Buffer) => {
        refused = checkHostKey(source, key);
        return refused === undefined;
      },
      // What processors encrypt themselves.
      algorithms: { cipher: { prepend: ['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com'], append: [], remove: [] } },
    };
    const abort = (): void => { client.destroy(); sock.destroy(); };
    signal.addEventListener('abort', abort, { once: true });
    try {
      const sftp = await new Promise<SFTPWrapper>((resolve, reject) => {
        client.on('ready', () => { client.sftp((error, made) => { if (error === undefined) resolve(made); else reject(error); }); });
        client.on('error', reject);
        client.on('close', () => { reject(new Error('the server closed the connection before the login was done')); });
        sock.on('error', reject);
        client.connect(config);
      });
      return new SftpConnection(client, sftp);
    } catch (error) {
      client.destroy();
      sock.destroy();
      signal.throwIfAborted();
      throw refused ?? error;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  get alive(): boolean {
    return this.ended === undefined;
  }

  /** Entries of a folder, in pages as the server sends them. */
  async* list(path: string): AsyncGenerator<FileEntryWithStats> {
    const handle = await this.call<Buffer>((done) => { this.sftp.opendir(path, done); });
    try {
      for (;;) {
        const page = await this.call<FileEntryWithStats[]>((done) => { this.sftp.readdir(handle, done); }).catch((error: { code?: number }) => {
          if (error.code === END_OF_FILE) return [];
          throw error;
        });
        if (page.length === 0) return;
        yield* page;
      }
    } finally {
      await this.close(handle);
    }
  }

  /** What a path leads to, links followed. */
  stat(path: string): Promise<Stats> {
    return this.call((done) => { this.sftp.stat(path, done); });
  }

  open(path: string): Promise<Buffer> {
    return this.call((done) => { this.sftp.open(path, 'r', done); });
  }

  statHandle(handle: Buffer): Promise<Stats> {
    return this.call((done) => { this.sftp.fstat(handle, done); });
  }

  /** Reads up to the buffer's length; 0 bytes mean the end of the file. */
  read(handle: Buffer, into: Buffer, position: number): Promise<number> {
    return this.call<number>((done) => {
      this.sftp.read(handle, into, 0, into.length, position, (error, bytes) => { done(error as Error | undefined, bytes); });
    }).catch((error: { code?: number }) => {
      if (error.code === END_OF_FILE) return 0;
      throw error;
    });
  }

  /** Closes a handle; a connection that is gone has closed it. */
  async close(handle: Buffer): Promise<void> {
    if (!this.alive) return;
    await this.call<void>((done) => { this.sftp.close(handle, (error) => { done(error as Error | undefined, undefined); }); }).catch(() => undefined);
  }

  /** Ends the connection at once; what waits for an answer fails. */
  destroy(reason = new Error('the connection was ended')): void {
    this.end(reason);
    this.client.destroy();
  }

  private call<T>(start: (done: (error: Error | undefined, value: T) => void) => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.ended !== undefined) return reject(this.ended);
      // The library forgets its callers when a connection breaks.
      this.waiting.add(reject);
      start((error, value) => {
        this.waiting.delete(reject);
        if (error === undefined || error === null) resolve(value);
        else reject(error);
      });
    });
  }

  private end(error: Error): void {
    this.ended ??= error;
    for (const reject of this.waiting) reject(this.ended);
    this.waiting.clear();
  }
}

const END_OF_FILE = 1;

function socketTo({ host, port }: SftpSourceSettings): Socket {
  if (isIP(host) !== 0) checkAddress(host, host, 'any');
  return connectSocket({ host, port, lookup: guardedLookup('any'), timeout: READY_MS }).once('connect', function connected(this: Socket) { this.setTimeout(0); })
    .once('timeout', function late(this: Socket) { this.destroy(new Error(`no connection within ${READY_MS / 1_000} s`)); });
}

/** Undefined where the server is one of those that were named. */
function checkHostKey({ host, hostKeys }: SftpSourceSettings, key: Buffer): PipelineError | undefined {
  const shown = `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
  if (hostKeys.some((one) => one.replace(/=+$/, '') === shown)) return undefined;
  const kind = key.subarray(4, 4 + key.readUInt32BE(0)).toString('latin1');
  return userError(
    'SOURCE_HOST_KEY', `${host} showed the host key ${shown} (${kind}), expected ${hostKeys.join(' or ')}; if the server's owner confirms the new key, add it to hostKeys, else somebody may be in between. Nothing was sent`,
    { host, shown, kind, expected: hostKeys },
  );
}
