/** `npm run release -- <command>`: see release/main.ts, which it runs without compiling it first. */
import { createRequire } from 'node:module';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';
import { quietEnvironment } from './quiet-environment.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
Object.assign(process.env, quietEnvironment());
const require = createRequire(import.meta.url);
require('ts-node').register({
  transpileOnly: true, project: path.join(root, 'tsconfig.check.json'), compilerOptions: { rootDir: root, incremental: false, tsBuildInfoFile: undefined },
});
try {
  await require(path.join(root, 'release/main.ts')).main(process.argv.slice(2));
} catch (error) {
  console.error(error.stderr === undefined || error.stderr === null ? error.stack : `${error.message}\n${error.stdout}`);
  process.exitCode = 1;
}
