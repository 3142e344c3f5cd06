import { cpSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';

/**
 * Makes the build context of an image of the stage's task that does something of its own before the task begins.
 *
 * @param code JavaScript, which runs in the task's process
 */
export function taskAfter(folder: string, code: string): string {
  mkdirSync(folder);
  cpSync(path.join(path.dirname(require.resolve('@headrace/ingest-construct/package.json')), 'assets/task'), folder, { recursive: true });
  renameSync(path.join(folder, 'index.js'), path.join(folder, 'task.js'));
  writeFileSync(path.join(folder, 'index.js'), `${code}\nrequire('./task.js');\n`);
  return folder;
}

/**
 * The same with a task that takes memory of its own, as one with a user's agent or codec inside does.
 *
 * @param workingSet a file that says how many MiB it takes today
 */
export function taskWithWorkingSet(folder: string, workingSet: string): string {
  return taskAfter(folder, `
    console.log('task of', JSON.parse(process.env.HEADRACE_TASK).memoryMiB, 'MiB');
    // Every page is written, so all of it is resident, until the end.
    const held = Buffer.alloc(Number(require('node:fs').readFileSync(${JSON.stringify(workingSet)}, 'utf8')) * 1024 * 1024, 1);
    process.on('exit', () => held.length);
  `);
}
