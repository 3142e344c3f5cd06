import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { freePort, isFree } from './free-port';

/** Marks the folder as ours, so that nothing else is ever deleted. */
const MARKER = 'headrace-state.json';

/** The one folder with everything that runs and results leave behind. It may be deleted whole at any time between runs. */
export class StateFolder {
  public readonly root: string;

  public constructor(folder: string) {
    this.root = path.resolve(folder);
    if (existsSync(this.root) && !existsSync(path.join(this.root, MARKER)) && existsSync(path.join(this.root, 'package.json'))) {
      throw new Error(`state-dir ${this.root} is a project folder; give a folder of its own, such as .headrace`);
    }
    mkdirSync(this.root, { recursive: true });
    if (!existsSync(path.join(this.root, MARKER))) this.write(MARKER, { schemaVersion: 1 });
    // What lands here is data of the pipeline's source and generated passwords.
    if (!existsSync(path.join(this.root, '.gitignore'))) writeFileSync(path.join(this.root, '.gitignore'), '*\n');
  }

  /** Opens a state folder only if there is one. */
  public static open(folder: string): StateFolder | undefined {
    return existsSync(path.join(folder, MARKER)) ? new StateFolder(folder) : undefined;
  }

  public get s3(): string { return path.join(this.root, 's3'); }
  public get executions(): string { return path.join(this.root, 'executions'); }
  public get pids(): string { return path.join(this.root, 'pids'); }
  public get topics(): string { return path.join(this.root, 'topics'); }
  public get queues(): string { return path.join(this.root, 'queues'); }
  public get functions(): string { return path.join(this.root, 'functions'); }
  public get catalog(): string { return path.join(this.root, 'catalog'); }
  public get compileCache(): string { return path.join(this.root, 'compile-cache'); }
  public database(name: string): string { return path.join(this.root, 'postgres', name); }

  public read<T>(name: string): T | undefined {
    const file = path.join(this.root, name);
    return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) as T : undefined;
  }

  public write(name: string, value: unknown): void {
    const file = path.join(this.root, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(`${file}.tmp`, JSON.stringify(value, null, 2), { mode: 0o600 });
    renameSync(`${file}.tmp`, file);
  }

  /** A port that stays the same from run to run while nobody else takes it. */
  public async port(name: string): Promise<number> {
    const ports = this.read<Record<string, number>>('ports.json') ?? {};
    const known = ports[name];
    if (known !== undefined && await isFree(known)) return known;
    const port = await freePort();
    this.write('ports.json', { ...ports, [name]: port });
    return port;
  }

  public delete(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
