import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import * as path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from './free-port';

const SSHD = ['/usr/sbin/sshd', '/usr/local/sbin/sshd', '/opt/homebrew/sbin/sshd'].find((file) => existsSync(file));
const READY_WITHIN_MS = 10_000;

/** Whether there is an OpenSSH server: without one, tests that need it are shown as skipped by name. */
export const HAS_SSHD = SSHD !== undefined;

/** A real OpenSSH server on a free loopback port, with keys of its own, for the account that runs the tests. */
export class SftpServer {
  readonly files: string;
  private server: ChildProcess | undefined;

  private constructor(readonly home: string, readonly port: number, readonly fingerprint: string) {
    this.files = path.join(home, 'files');
  }

  static async start(): Promise<SftpServer> {
    const home = mkdtempSync(path.join(tmpdir(), 'headrace-sftp-'));
    chmodSync(home, 0o700);
    for (const name of ['host', 'client', 'stranger']) keygen(path.join(home, name));
    const key = Buffer.from(readFileSync(path.join(home, 'host.pub'), 'utf8').split(' ')[1] as string, 'base64');
    const server = new SftpServer(home, await freePort(), `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`);
    mkdirSync(server.files);
    writeFileSync(path.join(home, 'authorized_keys'), readFileSync(path.join(home, 'client.pub')), { mode: 0o600 });
    writeFileSync(path.join(home, 'config'), [
      `Port ${server.port}`, 'ListenAddress 127.0.0.1', `HostKey ${home}/host`, `AuthorizedKeysFile ${home}/authorized_keys`, `PidFile ${home}/pid`,
      // The folder lies below a temporary one that everybody may write to.
      'StrictModes no', 'UsePAM no', 'PasswordAuthentication no', 'PermitRootLogin prohibit-password', 'UseDNS no', 'Subsystem sftp internal-sftp', 'LogLevel ERROR', 'MaxStartups 100',
    ].join('\n'));
    await server.resume();
    return server;
  }

  /** As the secret of a source holds it. */
  get login(): { username: string; privateKey: string } {
    return { username: userInfo().username, privateKey: readFileSync(path.join(this.home, 'client'), 'utf8') };
  }

  get strangersKey(): string {
    return readFileSync(path.join(this.home, 'stranger'), 'utf8');
  }

  /** Knows this key from now on, and no other; sessions that are open stay. */
  allow(name: 'client' | 'stranger'): void {
    writeFileSync(path.join(this.home, 'authorized_keys'), readFileSync(path.join(this.home, `${name}.pub`)), { mode: 0o600 });
  }

  /** Starts the server, on the same port and with the same keys as before. */
  async resume(): Promise<void> {
    // Debian makes this folder when it boots; sshd refuses to run as root without it.
    if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
    let log = '';
    // A process group of its own, so that its sessions end with it.
    const server = this.server = spawn(SSHD as string, ['-D', '-e', '-f', path.join(this.home, 'config')], { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
    server.stderr?.on('data', (chunk: Buffer) => { log += chunk.toString('utf8'); });
    for (const until = Date.now() + READY_WITHIN_MS; !await answers(this.port);) {
      if (server.exitCode !== null || Date.now() > until) throw new Error(`sshd did not start: ${log}`);
      await delay(20);
    }
  }

  /** Cuts every connection; the server is gone until `resume`. */
  async cut(): Promise<void> {
    const { server } = this;
    if (server?.pid === undefined || server.exitCode !== null || server.signalCode !== null) return;
    const children = spawnSync('ps', ['-o', 'pid=', '--ppid', String(server.pid)], { encoding: 'utf8' }).stdout.split('\n').map(Number).filter((pid) => pid > 0);
    const ended = new Promise<void>((resolve) => { server.once('exit', () => { resolve(); }); });
    for (const pid of [...children, server.pid]) kill(pid);
    await ended;
  }

  async stop(): Promise<void> {
    await this.cut();
    rmSync(this.home, { recursive: true, force: true });
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // A session may end by itself in between.
  }
}

function keygen(file: string): void {
  const made = spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', file], { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`ssh-keygen failed: ${made.stderr}`);
}

async function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('data', () => { socket.destroy(); resolve(true); });
    socket.once('error', () => { resolve(false); });
    socket.once('close', () => { resolve(false); });
  });
}
