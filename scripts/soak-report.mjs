/** bench/SOAK.md: one line for each loop, from its last run, and a section for those with a table. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';

const HEAD = ['loop', 'what', 'run', 'cases', 'covered', 'verdict'];
const cells = (values) => `| ${values.join(' | ')} |`;
const plain = (text) => String(text).replaceAll('|', '\\|').replaceAll('\n', ' ').slice(0, 2000);

/** Puts the result of one loop into the report; what other loops left there stays. */
export function writeSoakReport(root, { name, what, cases, covered, verdict, table, seconds, commit }) {
  const file = path.join(root, 'bench', 'SOAK.md');
  const { lines, sections } = readReport(file);
  const machine = `${os.cpus().length} cores, ${Math.round(os.totalmem() / 1024 ** 3)} GiB, Node ${process.version}`;
  const run = `${new Date().toISOString().slice(0, 10)}, commit ${commit}, ${machine}, ${Math.ceil(seconds / 60)} min`;
  lines.set(name, cells([`\`${name}\``, what, run, cases, covered, verdict].map(plain)));
  sections.delete(name);
  if (table) sections.set(name, [cells(table[0]), cells(table[0].map(() => '---')), ...table.slice(1).map(cells)].join('\n'));
  writeFileSync(file, render(lines, sections));
}

function readReport(file) {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const [main = '', ...rest] = text.split(/^## /m);
  const lines = new Map([...main.matchAll(/^\| `([a-z0-9-]+)` \|.*$/gm)].map(([line, name]) => [name, line]));
  const sections = new Map(rest.map((section) => [section.slice(0, section.indexOf('\n')), section.slice(section.indexOf('\n')).trim()]));
  return { lines, sections };
}

function render(lines, sections) {
  return `${[
    '# Results of `npm run soak`', '',
    'Written by the script: each line is the last run of one loop. A case holds when every invariant does: the target and Athena have exactly',
    "the source's clean rows, cell by cell; raw parts have the source's bytes; every balance is closed; commit logs have no gap and one entry for each",
    'batch; the ledger has one row for each commit, with the records that its manifest names; no staging table or half-staged part is left; no upload is open, but',
    'those of killed children, which the lifecycle rule of every bucket ends.', '',
    'Each case of a kill loop begins from the same kept state, in which earlier batches and operations were killed half-way as well, so that all steps are those of',
    'one run. In `kill-ingest`, `kill-parts`, `kill-curate` and the operations of curate, tasks and functions share a process until one of them is killed: that ends the',
    'process, and what comes after it gets a new one.', '',
    '- What stands behind ingest and curate reads what a case leaves at the end of a loop, once, and is killed half-way there.',
    '- `kill-curate`, `kill-rerun`, `kill-compact` and `kill-vacuum`: after each case a vacuum that waits for nobody runs; then every object of data, quarantine and',
    '  catalog belongs to a commit whose files no removal names, and Athena has the rows of all batches once.',
    '- `kill-source`: after each case the log of Raw has one more commit, whose parts are the source\'s files, or hold its rows, exactly; nothing that the log names is',
    '  missing. Lines of 2026-11-26 are older: there each case added a commit to those of the case before, which lengthens a run by some three steps, so that the last',
    '  steps of the longest run were not those of every run, and were not tried.',
    '- `kill-load`: one task is killed, a process of its own; those before and after it run in the process of the loop. After each case the tables hold the rows of both',
    '  batches, cell by cell; the ledger and the tables that are there are those of a load that nobody killed; no staged part and no lease is left.',
    '- `kill-messages`: the same of a task that loses all its connections at a message, of any kind, to the database or S3, and all those that it begins anew.', '',
    cells(HEAD), cells(HEAD.map(() => '---')),
    ...[...lines].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, line]) => line),
    ...[...sections].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([name, section]) => ['', `## ${name}`, '', section]),
  ].join('\n')}\n`;
}
