/**
 * Writes a construct package's API.md: `node scripts/docgen.mjs <package folder>`.
 *
 * jsii-docgen's own command looks for dependencies below the package only, where a workspace has none.
 */
import { readFile, writeFile } from 'node:fs/promises';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Documentation, Language } from 'jsii-docgen';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const packageFolder = path.resolve(process.argv[2]);
const { name } = JSON.parse(await readFile(path.join(packageFolder, 'package.json'), 'utf8'));

const documentation = await Documentation.forAssembly(name, path.join(root, 'node_modules'));
const markdown = await documentation.toMarkdown({ language: Language.TYPESCRIPT, readme: false, allSubmodules: true });
await writeFile(path.join(packageFolder, 'API.md'), markdown.render());
