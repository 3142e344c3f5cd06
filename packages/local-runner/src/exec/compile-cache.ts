import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';

/**
 * Loaded into each Node.js child before its own program: keeps what V8 made of a bundle, functions that ran included, so
 * that the next child that runs the same bundle does not compile it again. Node has this built in from version 22.
 *
 * The key is the text of the module, the cache is checked by V8, and what cannot be read or written is left out.
 */
const PRELOAD = `
const Module = require('node:module');
const { createHash } = require('node:crypto');
const { readFileSync, renameSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const vm = require('node:vm');
if (Module.enableCompileCache) Module.enableCompileCache(__dirname);
else {
  const compile = Module.prototype._compile;
  Module.prototype._compile = function (source, file, ...rest) {
    // Only bundles are worth a file of their own; and import() fails in a script that comes from a cache.
    if (typeof source !== 'string' || source.length < 100000 || source.startsWith('#!') || /\\bimport\\s*[(/]/.test(source)) return compile.call(this, source, file, ...rest);
    const cache = path.join(__dirname, createHash('sha256').update(process.version + process.arch).update(source).digest('hex') + '.v8');
    let cachedData;
    try { cachedData = readFileSync(cache); } catch {}
    const script = new vm.Script(Module.wrap(source), { filename: file, cachedData });
    if (cachedData === undefined || script.cachedDataRejected) process.once('exit', () => {
      try {
        writeFileSync(cache + '.' + process.pid, script.createCachedData());
        renameSync(cache + '.' + process.pid, cache);
      } catch {}
    });
    return script.runInThisContext().call(this.exports, this.exports, Module.createRequire(file), this, file, path.dirname(file));
  };
}
`;

/**
 * Environment of children that share compiled code in a folder, which is made when it is not there.
 *
 * `NODE_COMPILE_CACHE` of this process names one that all stacks share, as it does for Node itself.
 */
export function compileCache(ofStack: string): Record<string, string> {
  const folder = path.resolve(process.env.NODE_COMPILE_CACHE || ofStack);
  const preload = path.join(folder, 'preload.cjs');
  mkdirSync(folder, { recursive: true });
  // Children of other stacks may be reading it.
  writeFileSync(`${preload}.${process.pid}`, PRELOAD);
  renameSync(`${preload}.${process.pid}`, preload);
  return { NODE_OPTIONS: `--require "${preload.replace(/["\\]/g, '\\$&')}"` };
}
