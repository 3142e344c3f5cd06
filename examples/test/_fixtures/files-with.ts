import { readdirSync, readFileSync, statSync } from 'node:fs';
import * as path from 'node:path';

/** The local runner's own Secrets Manager keeps its values there. */
const SECRETS = 'secrets.json';
/** There stand its databases, with the passwords of their masters. */
const DATABASES = 'databases.json';

/** All values of a stack's secrets that are worth hiding: passwords and keys, which do not stand in other secrets by chance. */
export function secretValues(stateDir: string): string[] {
  const values = JSON.parse(readFileSync(path.join(stateDir, SECRETS), 'utf8')) as Record<string, string>;
  return Object.values(values).flatMap((text) => {
    const members = JSON.parse(text) as Record<string, string | undefined>;
    // A key is written line by line; one of its lines tells it from all others.
    return [members.password, members.privateKey?.split('\n')[2]].filter((each) => each !== undefined);
  });
}

/** Files anywhere below a folder that hold one of the texts; those that keep the secrets are none. */
export function filesWith(folder: string, texts: readonly string[]): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => ![SECRETS, DATABASES].includes(name))
    .filter((name) => statSync(path.join(folder, name), { throwIfNoEntry: false })?.isFile() === true)
    .filter((name) => {
      const written = readFileSync(path.join(folder, name), 'latin1');
      return texts.some((text) => written.includes(text));
    });
}
