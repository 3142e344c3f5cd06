/** The section of bench/RESULTS.md about reads on a target while it is loaded. */

const TITLE = '## Reads on the target while it is loaded';

/** The document with this section in place of the one that it has, or behind everything else. */
export function withReads(document, section) {
  const from = document.indexOf(TITLE);
  return `${(from === -1 ? document : document.slice(0, from)).trimEnd()}\n\n${section}\n`;
}

/** @param measured what bench/reads-during-load.ts prints  @param where when and on what it was measured */
export function readsSection({ rows, limit, readsPerSecond, results }, where) {
  const head = ['database', 'load', 'phase', 'seconds', 'reads', 'loaded table: p50', 'p99', 'other table: p50', 'p99'];
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [
    TITLE, '',
    `${where}. Above one for each core the figures are those of a busy machine, and tell little of the load.`, '',
    `Point reads by key, ${readsPerSecond} a second on the table that is loaded and as many on another one, by a process of its own, counted from the moment at which each was due. Each load merges ${rows.toLocaleString('en')} rows, half of them`,
    `there before, by two connections; the second one is limited to ${limit / 1024 ** 2} MiB a second. Ratios are to the idle database of the same run, before the loads. Database, loader and reader share one machine, which an account`,
    'would not have them do: what is seen here is more than the database alone would show.', '',
    line(head), line(head.map(() => '---')),
    ...results.flatMap(({ database, seconds, reads }) => Object.entries(reads).map(([phase, { loaded, other }]) => {
      const [load, part = ''] = phase.split(' ');
      const cells = (table) => ['p50', 'p99'].map((each) => shown(each, reads[phase][table], reads.idle[table], phase === 'idle'));
      return line([database, phase === 'idle' ? 'none' : load, part, part === '' ? '' : seconds[load][part].toFixed(1), loaded.reads + other.reads, ...cells('loaded'), ...cells('other')]);
    })),
  ].join('\n');
}

function shown(each, taken, idle, isReference) {
  const milliseconds = `${taken[each].toFixed(1)} ms`;
  return isReference ? milliseconds : `${milliseconds}, ${(taken[each] / idle[each]).toFixed(1)} ×`;
}
