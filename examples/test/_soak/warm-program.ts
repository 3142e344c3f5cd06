/**
 * What a process runs that runs one program of Node.js after the other, each as if it were alone: with its own environment, arguments and folder, its
 * bundle evaluated anew, though read once, and ended by `process.exit()`, which removes its listeners.
 *
 * `{ warm: { args, cwd, env, mark } }` begins a program, `{ warmEnd: code }` tells its end, after a line `mark` on both outputs; all other messages
 * are the program's. What a program has begun and not awaited outlives it here: whoever starts one that did not end well ends the process.
 */
export const WARM_PROGRAM = `
const { createHash } = require('node:crypto');
const { existsSync, readFileSync, renameSync, writeFileSync } = require('node:fs');
const Module = require('node:module');
const path = require('node:path');
const vm = require('node:vm');

const importModuleDynamically = vm.constants && vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER;
const scripts = new Map();
const unsaved = [];

/** One script for all evaluations of a file, from what V8 made of it in an earlier process. */
function scriptOf(file) {
  const known = scripts.get(file);
  if (known) return known;
  const source = readFileSync(file, 'utf8');
  const cache = process.env.NODE_COMPILE_CACHE && path.join(process.env.NODE_COMPILE_CACHE, 'warm-' + createHash('sha256').update(process.version).update(source).digest('hex') + '.v8');
  let cachedData;
  try { cachedData = readFileSync(cache); } catch {}
  const script = new vm.Script(Module.wrap(source), { filename: file, cachedData, importModuleDynamically });
  if (cache && (!cachedData || script.cachedDataRejected)) unsaved.push({ script, cache });
  scripts.set(file, script);
  return script;
}

function evaluate(file) {
  const module = { exports: {}, id: file, filename: file };
  scriptOf(file).runInThisContext().call(module.exports, module.exports, Module.createRequire(file), module, file, path.dirname(file));
  return module.exports;
}

const { env: own, exit: exitOfProcess } = process;
const compileCache = own.NODE_COMPILE_CACHE;

function run({ args, cwd, env, mark }) {
  const before = new Map(process.eventNames().map((name) => [name, process.rawListeners(name)]));
  for (const name of Object.keys(own)) delete own[name];
  Object.assign(own, env, compileCache ? { NODE_COMPILE_CACHE: compileCache } : {});
  Module.Module._initPaths();
  process.chdir(cwd);
  process.argv = [process.execPath, ...args];
  process.exitCode = undefined;
  let ended = false;
  process.exit = (code = process.exitCode ?? 0) => {
    if (ended) return;
    ended = true;
    process.emit('exit', code);
    for (const name of process.eventNames()) {
      for (const listener of process.rawListeners(name)) if (!(before.get(name) ?? []).includes(listener)) process.off(name, listener.listener ?? listener);
    }
    process.exit = exitOfProcess;
    for (const { script, cache } of unsaved.splice(0)) {
      try {
        writeFileSync(cache + '.' + process.pid, script.createCachedData());
        renameSync(cache + '.' + process.pid, cache);
      } catch {}
    }
    process.stdout.write(mark + '\\n', () => process.stderr.write(mark + '\\n', () => {
      process.on('message', begin);
      process.send({ warmEnd: code });
    }));
  };
  if (args[0] !== '-e') return void evaluate(path.resolve(args[0]));
  const load = (id) => (path.isAbsolute(id) && existsSync(id) ? evaluate(id) : require(id));
  vm.runInThisContext('(function (require) {' + args[1] + '\\n})', { importModuleDynamically })(load);
}

function begin(message) {
  process.off('message', begin);
  run(message.warm);
}
process.on('message', begin);
// Whoever gave it its work is gone.
process.on('disconnect', () => exitOfProcess.call(process, 1));
`;
