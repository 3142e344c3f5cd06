import { existsSync, readFileSync } from 'node:fs';
import * as path from 'node:path';

/** What starts in an image, read from the last stage of its Dockerfile. */
export interface ContainerImage {
  readonly folder: string;
  readonly dockerfile: string;
  readonly entryPoint: readonly string[];
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Reads ENTRYPOINT, CMD and ENV. The build context stands for the image's working folder, since images are not built:
 * a Dockerfile that compiles or copies from elsewhere cannot run this way.
 */
export function readDockerfile(folder: string, dockerfile: string): ContainerImage {
  if (!existsSync(dockerfile)) throw new Error(`the image asset ${path.basename(folder)} has no ${path.basename(dockerfile)}`);
  let entryPoint: string[] = [];
  let command: string[] = [];
  let environment: Record<string, string> = {};
  const lines = readFileSync(dockerfile, 'utf8').replace(/\\\r?\n/g, ' ').split(/\r?\n/);
  for (const line of lines) {
    const [, instruction, rest = ''] = /^\s*([A-Za-z]+)\s+(.*)$/.exec(line) ?? [];
    switch (instruction?.toUpperCase()) {
      case 'FROM': entryPoint = []; command = []; environment = {}; break;
      case 'ENTRYPOINT': entryPoint = words(rest); break;
      case 'CMD': command = words(rest); break;
      case 'ENV': Object.assign(environment, assignments(rest)); break;
      default:
    }
  }
  return { folder, dockerfile, entryPoint, command, environment };
}

/** Exec form is a JSON array; shell form runs in a shell. */
function words(text: string): string[] {
  const trimmed = text.trim();
  return trimmed.startsWith('[') ? JSON.parse(trimmed) as string[] : ['/bin/sh', '-c', trimmed];
}

function assignments(text: string): Record<string, string> {
  const pairs = [...text.matchAll(/([A-Za-z_]\w*)=("([^"]*)"|'([^']*)'|\S*)/g)];
  if (pairs.length === 0) {
    const [name = '', ...value] = text.trim().split(/\s+/);
    return { [name]: value.join(' ') };
  }
  return Object.fromEntries(pairs.map(([, name = '', bare = '', double, single]) => [name, double ?? single ?? bare]));
}
