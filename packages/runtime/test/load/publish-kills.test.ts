import { bothTargets, ledgerOf, type AnyStage } from './_fixtures/both-targets';
import { contractText, type DatasetText } from './_fixtures/load-steps';
import { PowerLine } from './_fixtures/power-line';

const KEYED: DatasetText = { history: 'changes', properties: [
  '{ name: id, logicalType: integer, logicalTypeOptions: { format: i64 }, primaryKey: true, required: true }',
  '{ name: version, logicalType: integer, logicalTypeOptions: { format: i64 }, required: true }',
  '{ name: op, logicalType: string }',
] };
const CONTRACT = contractText({ marked: KEYED, listed: { ...KEYED, history: 'snapshot' }, visits: { ...KEYED, history: 'append' } });
const ALL = { maxDeletes: { percent: 100 } };
const MODES = {
  marked: { mode: 'merge', newerBy: 'version', deletes: { kind: 'marker', column: 'op', values: ['D'] }, ...ALL },
  listed: { mode: 'merge', deletes: { kind: 'absentFromSnapshot' }, ...ALL },
  visits: { mode: 'partitions', partitionBy: ['op'], ...ALL },
};
const DATASETS = ['marked', 'listed', 'visits'] as const;
/** Of a row that a batch adds: above those that it takes away. */
const NEW = 10_000;

const rows = (where: string, op: string, version = 1): string => (
  `SELECT CAST(i AS BIGINT) AS id, CAST(${version} AS BIGINT) AS version, CAST('${op}' AS VARCHAR) AS op FROM range(${2 * NEW}) AS r(i) WHERE ${where}`);

/** Batch `n` takes one row away and adds another one, in each dataset. */
const batch = (n: number): Record<Name, string> => ({
  marked: `${rows(`i = ${n}`, 'D', 2)} UNION ALL ${rows(`i = ${NEW + n}`, 'I')}`,
  listed: rows(`i > ${n} AND i < 600 OR i > ${NEW} AND i <= ${NEW + n}`, 'I'),
  visits: rows(`i = ${NEW + n}`, 'rome'),
});

type Name = typeof DATASETS[number];
type Ids = Record<Name, number[]>;

/** In the message that writes a commit's row of the ledger, just before the end of its transaction. */
const LEDGER_ROW: Record<string, string> = { PostgreSQL: 'load_ledger" (table_schema', MariaDB: 'load_ledger` (table_schema' };

describe.each(bothTargets())('a load into $name that dies while it publishes', (target) => {
  const withServer = target.test();
  let stage: (AnyStage & { close(): Promise<void> }) | undefined;
  let line: PowerLine | undefined;
  beforeAll(() => target.begin(), 60_000);
  afterAll(async () => {
    await line?.close();
    await stage?.close();
    await target.end();
  });

  async function ids(): Promise<Ids> {
    const found: Ids = { marked: [], listed: [], visits: [] };
    for (const name of DATASETS) found[name] = (await stage!.say(`SELECT id FROM ${stage!.settings.targetSchema}.${name}`)).map(([id]) => Number(id)).sort((a, b) => a - b);
    return found;
  }

  withServer('shows of each dataset all that a batch deletes and replaces or nothing, and the next attempt all', async () => {
    stage = await target.stage(CONTRACT, { writeModes: MODES });
    for (const [name, queries] of Object.entries({
      marked: [rows('i < 600', 'I')], listed: [rows('i > 0 AND i < 600', 'I')], visits: [`${rows('i = 0', 'oslo')} UNION ALL ${rows(`i = ${NEW}`, 'rome')}`],
    })) await stage.commit(name, queries);
    await stage.load({}, 'first-a1');
    line = await PowerLine.start(target.port(), stage.s3);
    stage.settings.target.port = line.port;
    const seen = { nothing: 0, all: 0 };
    let rounds = 0;
    const done: Record<Name, number> = { marked: 0, listed: 0, visits: 0 };
    /** Commits, stages, is killed as `arm` says, and loads again; tells whether it was killed. */
    const round = async (names: readonly Name[], arm: (line: PowerLine) => void): Promise<boolean> => {
      rounds += 1;
      for (const name of names) await stage!.commit(name, [batch(done[name] += 1)[name]]);
      const attempt = `cut_${rounds}-a1`;
      expect(await stage!.claim(attempt)).toBe(0);
      const { items } = await stage!.claimed(attempt);
      for (let index = 0; index < items.count; index += 1) expect(await stage!.step(stage!.pointer('stage', attempt, index))).toBe(0);
      const before = await ids();
      const after: Ids = { ...before };
      for (const name of names) after[name] = name === 'visits' ? [0, NEW + done[name]] : [...before[name].filter((id) => id !== done[name]), NEW + done[name]];
      arm(line!);
      await stage!.step(stage!.pointer('publish', attempt, 0)).catch(() => undefined);
      const killed = line!.dead;
      line!.arm(0, 'before');
      const left = await ids();
      for (const name of names) {
        expect([before[name], after[name]]).toContainEqual(left[name]);
        if (killed) seen[left[name].includes(NEW + done[name]) ? 'all' : 'nothing'] += 1;
      }
      await stage!.load({}, `cut_${rounds}-a2`);
      expect(await ids()).toEqual(after);
      return killed;
    };
    // Where all rows are written and none may be seen: at the row of the ledger. Every message is tried by `npm run soak -- --only kill-messages`.
    for (const mode of ['before', 'after'] as const) {
      for (const name of DATASETS) expect(await round([name], (each) => each.dieAt(LEDGER_ROW[target.name]!, mode))).toBe(true);
    }
    expect(seen).toEqual({ nothing: 2 * DATASETS.length, all: 0 });
    // Between two datasets.
    expect(await round(DATASETS, (each) => each.dieAt('stage_listed', 'before'))).toBe(true);
    expect(seen).toEqual({ nothing: 2 * DATASETS.length + 2, all: 1 });
    for (const [dataset, seq, ...counts] of await ledgerOf(stage, 'dataset, seq, inserted, deleted, removed')) {
      if (seq !== '1') expect([dataset, ...counts]).toEqual(dataset === 'marked' ? [dataset, '1', '1', '0'] : [dataset, '1', '0', '1']);
    }
    // No lease of an attempt that died is left.
    expect(await stage.say(`SELECT table_name FROM ${stage.settings.ledgerSchema}.load_lease`)).toEqual([]);
  }, 7_200_000);
});
