import { lstat, readdir, readFile } from 'node:fs/promises';
import * as path from 'node:path';
import { userError } from '../../errors/pipeline-error';
import { parseOutDocument, type OutDocument, type ToldFile } from './out-document';

/** Name of the document that a container may leave beside its files. */
export const OUT_DOCUMENT = '.headrace.json';

/** No container has a reason to write more: a thousand small files already load slower than one large one. */
const MAX_FILES = 100_000;

export interface ContainerFile {
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  readonly told: ToldFile;
}

export interface ContainerFiles {
  /** By name; none when the container said that nothing changed. */
  readonly files: readonly ContainerFile[];
  readonly document: OutDocument;
}

/** What the container left, checked against what it said. Throws `CONTAINER_FILES` with every problem. */
export async function containerFiles(folder: string): Promise<ContainerFiles> {
  const document = await readDocument(folder);
  const problems: string[] = [];
  const files: ContainerFile[] = [];
  const names = (await readdir(folder)).filter((name) => name !== OUT_DOCUMENT).sort();
  if (names.length > MAX_FILES) problems.push(`it left ${names.length} files, at most ${MAX_FILES} can land; write fewer and larger ones`);
  for (const name of names.slice(0, MAX_FILES)) {
    const full = path.join(folder, name);
    const stat = await lstat(full);
    if (name.endsWith('.tmp')) problems.push(`${name} is unfinished by its name; rename it once it is whole, or remove it, before the container ends`);
    else if (name.startsWith('.')) problems.push(`${name} is hidden; give it a name without a dot in front, or write it elsewhere`);
    else if (!stat.isFile()) problems.push(`${name} is ${stat.isDirectory() ? 'a folder' : 'no regular file'}; write plain files into HEADRACE_OUT itself`);
    else files.push({ name, path: full, bytes: stat.size, told: document.files[name] ?? {} });
  }
  for (const name of Object.keys(document.files).filter((told) => !names.includes(told))) problems.push(`${OUT_DOCUMENT} tells of ${name}, which is not there`);
  if (document.unchanged && names.length > 0) problems.push(`${OUT_DOCUMENT} says unchanged, and there are ${names.length} files; do one of both`);
  if (!document.unchanged && names.length === 0) {
    problems.push(`it wrote no file into HEADRACE_OUT; where nothing is new, write {"unchanged": true} into ${OUT_DOCUMENT}, and where a table is empty, a file with nothing but its header`);
  }
  if (problems.length > 0) throw userError('CONTAINER_FILES', `the source's container ended with 0, but ${problems.slice(0, 20).join('; ')}`, { problems: problems.slice(0, 20) });
  return { files, document };
}

async function readDocument(folder: string): Promise<OutDocument> {
  let text = '{}';
  try {
    text = await readFile(path.join(folder, OUT_DOCUMENT), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return parseOutDocument(text);
}
