import { mkdtempSync, rmSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { findKeeper, stopKeeper } from '../../src/commands/keeper';
import { startMark } from '../../src/exec/process-mark';
import { StateFolder } from '../../src/stack/state-folder';

describe('the keeper of a state folder', () => {
  let state: StateFolder;

  beforeEach(() => { state = new StateFolder(mkdtempSync(path.join(os.tmpdir(), 'headrace-keeper-'))); });
  afterEach(() => rmSync(state.root, { recursive: true, force: true }));

  test.each([
    ['was never there', undefined],
    ['was stopped', {}],
    ['is gone', { pid: 2 ** 22 - 1, mark: '1' }],
    ['is another process by now', { pid: process.pid, mark: 'another start' }],
  ])('%s', async (_name, document) => {
    if (document !== undefined) state.write('keeper.json', document);
    expect(findKeeper(state)).toBeUndefined();
    expect(await stopKeeper(state.root)).toBe(false);
  });

  test('runs', () => {
    const keeper = { pid: process.pid, mark: startMark(process.pid) };
    state.write('keeper.json', keeper);
    expect(findKeeper(state)).toEqual(keeper);
  });
});
