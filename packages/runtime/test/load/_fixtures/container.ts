import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { createInterface } from 'node:readline';
import { buildSync } from 'esbuild';

const PACKAGE = path.resolve(__dirname, '../../..');

/** The load task's entry, bundled as it is shipped, to be run as processes of their own. */
export class Containers {
  private constructor(
    private readonly folder: string, private readonly secrets: Server, private s3Url: string, private secret: object,
    private readonly environment: Readonly<Record<string, string>>,
  ) {}

  /** @param environment what else its processes find in their environment */
  static async start(s3Url: string, secret: object, environment: Readonly<Record<string, string>> = {}): Promise<Containers> {
    const folder = mkdtempSync(path.join(tmpdir(), 'headrace-containers-'));
    // The native code of DuckDB is not part of the bundle: as in the image, it lies beside it.
    const scope = path.dirname(path.dirname(require.resolve('@duckdb/node-api/package.json')));
    mkdirSync(path.join(folder, 'node_modules'));
    symlinkSync(scope, path.join(folder, 'node_modules', '@duckdb'));
    // Synchronous: esbuild's service would outlive the tests.
    buildSync({
      entryPoints: [path.join(PACKAGE, 'src/entry/load-task.ts')], outfile: path.join(folder, 'index.js'), bundle: true, platform: 'node', target: 'node20',
      // What V8 made of a script may be kept, but not of one that imports later.
      supported: { 'dynamic-import': false },
      external: ['@duckdb/node-bindings', 'pg-native'], logLevel: 'error',
    });
    const secrets = createServer((request, response) => {
      request.resume().on('end', () => {
        response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify({ Name: 'db', SecretString: JSON.stringify(containers.secret) }));
      });
    });
    await new Promise<void>((resolve) => { secrets.listen(0, '127.0.0.1', resolve); });
    const containers = new Containers(folder, secrets, s3Url, secret, environment);
    return containers;
  }

  /** Gives tasks that start from now on another store and another secret: bundling takes longer than a task. */
  use(s3Url: string, secret: object): void {
    this.s3Url = s3Url;
    this.secret = secret;
  }

  async close(): Promise<void> {
    this.secrets.closeAllConnections();
    await new Promise((resolve) => { this.secrets.close(resolve); });
    rmSync(this.folder, { recursive: true, force: true });
  }

  run(pointer: object, settings: object): Container {
    const url = `http://127.0.0.1:${(this.secrets.address() as AddressInfo).port}`;
    return new Container(spawn(process.execPath, [path.join(this.folder, 'index.js')], {
      env: {
        ...this.environment,
        // A task that is killed leaves its files; they go with this folder.
        TMPDIR: this.folder,
        AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local', AWS_ENDPOINT_URL_S3: this.s3Url, AWS_ENDPOINT_URL_SECRETS_MANAGER: url,
        HEADRACE_TASK: JSON.stringify(pointer), HEADRACE_SETTINGS: JSON.stringify(settings),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    }));
  }
}

/** One running task. */
export class Container {
  readonly lines: any[] = [];
  readonly raw: string[] = [];
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  private readonly waiting = new Map<string, () => void>();

  constructor(private readonly child: ChildProcess) {
    for (const stream of [child.stdout!, child.stderr!]) {
      createInterface({ input: stream }).on('line', (line) => {
        this.raw.push(line);
        if (!line.startsWith('{')) return;
        const message = JSON.parse(line);
        this.lines.push(message);
        this.waiting.get(message.code)?.();
      });
    }
    this.ended = new Promise((resolve, reject) => {
      child.once('error', reject).once('close', (code, signal) => resolve(signal ?? code ?? -1));
    });
  }

  /** Resolves when the code is logged; rejects when the task ends without it. */
  async says(code: string): Promise<void> {
    if (this.lines.some((line) => line.code === code)) return;
    await Promise.race([
      new Promise<void>((resolve) => { this.waiting.set(code, resolve); }),
      this.ended.then((how) => {
        if (!this.lines.some((line) => line.code === code)) throw new Error(`ended with ${how} and never said ${code}:\n${this.raw.slice(-20).join('\n')}`);
      }),
    ]);
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }
}
