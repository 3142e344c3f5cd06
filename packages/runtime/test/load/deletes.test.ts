import { bothTargets, ledgerOf, type AnyStage } from './_fixtures/both-targets';
import { contractText, type DatasetText } from './_fixtures/load-steps';

const PEOPLE: DatasetText = { history: 'changes', properties: [
  '{ name: id, logicalType: string, logicalTypeOptions: { maxLength: 20 }, primaryKey: true, required: true }',
  '{ name: name, logicalType: string }',
  '{ name: version, logicalType: integer, logicalTypeOptions: { format: i64 }, required: true }',
  '{ name: op, logicalType: string }',
] };
const CHANGES = contractText({ people: PEOPLE });
const SNAPSHOT = contractText({ people: { ...PEOPLE, history: 'snapshot' } });
const MARKED = { mode: 'merge', newerBy: 'version', deletes: { kind: 'marker', column: 'op', values: ['D', 'X'] }, maxDeletes: { percent: 100 } };
const ABSENT = { mode: 'merge', deletes: { kind: 'absentFromSnapshot' } };

type Person = readonly [id: string, name: string | null, version: number, op: string | null];

function people(...rows: readonly Person[]): string {
  const text = (value: string | null): string => (value === null ? 'NULL' : `'${value}'`);
  const values = rows.map(([id, name, version, op]) => `(${text(id)}, ${text(name)}, ${version}, ${text(op)})`).join(', ');
  return `SELECT CAST(a AS VARCHAR) AS id, CAST(b AS VARCHAR) AS name, CAST(c AS BIGINT) AS version, CAST(d AS VARCHAR) AS op FROM (VALUES ${values}) AS v(a, b, c, d)`;
}

function numbered(first: number, count: number, name = 'n'): string {
  return people(...Array.from({ length: count }, (_, index): Person => [String(first + index), name, 1, 'I']));
}

describe.each(bothTargets())('deletes in $name', (target) => {
  const withServer = target.test();
  const stages: (AnyStage & { close(): Promise<void> })[] = [];
  beforeAll(() => target.begin(), 60_000);
  afterEach(async () => {
    for (const stage of stages.splice(0)) await stage.close();
  });
  afterAll(() => target.end());

  async function start(contract: string, mode: object, settings: Record<string, unknown> = {}): Promise<AnyStage> {
    const stage = await target.stage(contract, { writeModes: { people: mode }, ...settings });
    stages.push(stage);
    return stage;
  }
  const table = (stage: AnyStage, name = 'people'): string => `${stage.settings.targetSchema}.${name}`;
  const ids = async (stage: AnyStage): Promise<string[]> => (await stage.say(`SELECT id FROM ${table(stage)}`)).map(([id]) => id as string).sort();
  const guards = (stage: AnyStage): Promise<(string | null)[][]> => stage.say(`SELECT table_name FROM information_schema.tables WHERE table_schema = '${stage.settings.ledgerSchema}' AND table_name LIKE 'load%people%'`);
  const counts = async (stage: AnyStage, input: object = {}): Promise<unknown> => (await stage.load(input)).datasets.people!.counts;

  describe('by a marker', () => {
    withServer('remove rows and are none themselves, and every count closes', async () => {
      const stage = await start(CHANGES, MARKED);
      await stage.commit('people', [people(['1', 'a', 1, 'I'], ['2', 'b', 1, 'I'], ['3', 'c', 5, null], ['4', 'd', 1, 'd'])]);
      expect(await counts(stage)).toMatchObject({ staged: 4, inserted: 4, deleted: 0 });
      // Gone, gone by the second value, older than its row, never there, updated, new.
      await stage.commit('people', [people(['1', null, 2, 'D'], ['2', null, 1, 'X']), people(['3', null, 4, 'D'], ['9', null, 2, 'D'], ['4', 'e', 2, 'U'], ['5', 'f', 2, 'I'])]);
      expect(await counts(stage)).toMatchObject({ staged: 6, inserted: 1, updated: 1, unchanged: 1, deleted: 2, stale: 1, removed: 0 });
      expect(await stage.say(`SELECT id, name, op FROM ${table(stage)} ORDER BY id`)).toEqual([['3', 'c', null], ['4', 'e', 'U'], ['5', 'f', 'I']]);
      expect(await ledgerOf(stage)).toEqual([['1', '4', '4', '0', '0', '0', '0', '0'], ['2', '6', '1', '1', '1', '2', '1', '0']]);
    });

    withServer('keep an older row from coming back, and let a newer one', async () => {
      const stage = await start(CHANGES, MARKED);
      const commit = async (ingestSeq: number, ...rows: readonly Person[]): Promise<unknown> => {
        await stage.commit('people', [people(...rows)], { ingestSeq });
        return counts(stage);
      };
      await commit(5, ['1', 'a', 1, 'I'], ['2', 'b', 1, 'I']);
      expect(await commit(9, ['1', null, 10, 'D'], ['2', null, 10, 'D'], ['7', null, 10, 'D'])).toMatchObject({ deleted: 2, unchanged: 1 });
      // Older; as new and of an older batch; an older marker. All of them come late.
      expect(await commit(2, ['1', 'late', 9, 'I'], ['2', 'late', 10, 'I'], ['7', null, 9, 'D'])).toMatchObject({ staged: 3, stale: 3 });
      expect(await ids(stage)).toEqual([]);
      // As new and of a later batch, and newer.
      expect(await commit(10, ['1', 'back', 10, 'I'], ['2', 'back', 11, 'I'])).toMatchObject({ inserted: 2, stale: 0 });
      expect(await commit(3, ['1', 'late', 9, 'I'], ['7', 'late', 9, 'I'])).toMatchObject({ stale: 2 });
      expect(await stage.say(`SELECT id, name FROM ${table(stage)} ORDER BY id`)).toEqual([['1', 'back'], ['2', 'back']]);
      const [[guard]] = await guards(stage) as [[string]];
      expect(await stage.say(`SELECT id, version FROM ${stage.settings.ledgerSchema}.${guard}`)).toEqual([['7', '10']]);
    });

    withServer('give the same rows in any order of commits, and those of a statement by hand over the whole feed', async () => {
      const stage = await start(CHANGES, MARKED);
      let seed = 7;
      const random = (below: number): number => {
        seed = (seed * 48_271) % 2_147_483_647;
        return seed % below;
      };
      // Versions are unique, so that order alone decides.
      let version = 0;
      const batches = Array.from({ length: 8 }, () => {
        const keys = [...new Set(Array.from({ length: 60 }, () => String(random(80))))];
        return keys.map((id): Person => [id, `v${(version += 1)}`, version, ['I', 'U', 'D', 'X', null][random(5)] as string | null]);
      });
      await stage.commit('people', [people(['start', 's', 0, 'I'])], { ingestSeq: 1 });
      await stage.load();
      await stage.say(`CREATE TABLE ${table(stage, 'feed')} AS SELECT * FROM ${table(stage)}`);
      for (const at of [3, 0, 7, 2, 6, 1, 5, 4]) {
        await stage.commit('people', [people(...batches[at] as Person[])], { ingestSeq: at + 2 });
        await stage.load();
        await stage.say(`INSERT INTO ${table(stage, 'feed')} (id, name, version, op) VALUES ${(batches[at] as Person[]).map(([id, name, number, op]) => `('${id}', '${name}', ${number}, ${op === null ? 'NULL' : `'${op}'`})`).join(', ')}`);
        const newest = `SELECT id, name, version, op FROM (SELECT f.*, row_number() OVER (PARTITION BY id ORDER BY version DESC) AS r FROM ${table(stage, 'feed')} f) w WHERE r = 1 AND coalesce(op, '') NOT IN ('D', 'X')`;
        const mine = `SELECT id, name, version, op FROM ${table(stage)}`;
        expect(await stage.say(`SELECT count(*) FROM ((${newest} EXCEPT ALL ${mine}) UNION ALL (${mine} EXCEPT ALL ${newest})) AS d`)).toEqual([['0']]);
      }
      expect((await ids(stage)).length).toBeGreaterThan(20);
      const totals = await ledgerOf(stage, 'deleted, stale');
      for (const column of [0, 1]) expect(totals.reduce((sum, row) => sum + Number(row[column]), 0)).toBeGreaterThan(10);
    });

    withServer('without newerBy hold older batches, and need to remember nothing', async () => {
      const stage = await start(CHANGES, { ...MARKED, newerBy: undefined });
      await stage.commit('people', [numbered(1, 2)], { ingestSeq: 1 });
      await stage.commit('people', [people(['1', null, 0, 'D'])], { ingestSeq: 2 });
      expect(await counts(stage)).toMatchObject({ commits: 2, deleted: 1 });
      await stage.commit('people', [numbered(1, 2)], { ingestSeq: 1 });
      expect((await stage.load()).datasets.people).toMatchObject({ outcome: 'held', held: [{ reason: expect.stringContaining('older than ingest commit 2') }] });
      expect([await ids(stage), await guards(stage)]).toEqual([['2'], []]);
      // What was deleted so far is not known, so a mode that keeps deleted keys holds the batch too, also when its table is there.
      stage.settings.writeModes = { people: MARKED };
      await stage.commit('people', [people(['3', 'c', 1, 'I'])], { ingestSeq: 3 });
      for (const outcome of ['committed', 'held']) {
        expect((await stage.load()).datasets.people).toMatchObject({ outcome, held: [{ reason: expect.stringContaining('ingest commit 2, which was loaded before deleted keys were kept; replay it') }] });
      }
      expect([await ids(stage), (await guards(stage)).length]).toEqual([['2', '3'], 1]);
    });

    withServer('tell keys apart that differ by case or a space at the end, and read booleans and numbers', async () => {
      const stage = await start(CHANGES, MARKED);
      await stage.commit('people', [people(['a', 'n', 1, 'I'], ['A', 'n', 1, 'I'], ['a ', 'n', 1, 'I'])]);
      await stage.load();
      await stage.commit('people', [people(['a', null, 2, 'D'], ['A ', null, 2, 'D'])]);
      expect(await counts(stage)).toMatchObject({ deleted: 1, unchanged: 1 });
      expect(await ids(stage)).toEqual(['A', 'a ']);
      await stage.commit('people', [people(['A', 'n', 0, 'I'], ['a', 'late', 1, 'I'], ['a ', 'n', 3, 'I'])]);
      expect(await counts(stage)).toMatchObject({ stale: 2, updated: 1 });
      for (const [kind, type, gone, stays] of [['boolean', 'BOOLEAN', 'true', 'false'], ['integer', 'INTEGER', '-3', '0']] as const) {
        const other = await start(contractText({ people: { ...PEOPLE, properties: [...PEOPLE.properties.slice(0, 3), `{ name: op, logicalType: ${kind} }`] } }), { ...MARKED, deletes: { ...MARKED.deletes, values: [gone] } });
        const batch = (...ops: readonly string[]): string => ops.map((op, index) => `SELECT '${index}' AS id, 'n' AS name, CAST(1 AS BIGINT) AS version, CAST(${op} AS ${type}) AS op`).join(' UNION ALL ');
        await other.commit('people', [batch(stays, stays, stays)]);
        await other.load();
        await other.commit('people', [batch(gone, stays, 'NULL')]);
        expect(await counts(other)).toMatchObject({ deleted: 1, updated: 1, unchanged: 1 });
      }
    });

    withServer('refuse what was deleted by another order, and follow a key whose type grows', async () => {
      const stage = await start(contractText({ people: { ...PEOPLE, policy: 'evolve' } }), MARKED);
      await stage.commit('people', [people(['1', null, 5, 'D'])]);
      await stage.load();
      stage.useContract(contractText({ people: { ...PEOPLE, policy: 'evolve', properties: [PEOPLE.properties[0]!.replace('20', '40'), ...PEOPLE.properties.slice(1)] } }));
      const long = 'x'.repeat(35);
      await stage.commit('people', [people([long, null, 5, 'D'], ['1', 'late', 4, 'I'])]);
      expect(await counts(stage)).toMatchObject({ stale: 1, unchanged: 1 });
      stage.settings.writeModes = { people: { ...MARKED, newerBy: 'name' } };
      stage.useContract(contractText({ people: { ...PEOPLE, properties: [PEOPLE.properties[0]!.replace('20', '40'), '{ name: name, logicalType: string, required: true }', ...PEOPLE.properties.slice(2)] } }));
      await stage.say(target.name === 'PostgreSQL' ? `ALTER TABLE ${table(stage)} ALTER COLUMN name SET NOT NULL` : `ALTER TABLE ${table(stage)} MODIFY name longtext NOT NULL`);
      await stage.commit('people', [people(['1', 'late', 4, 'I'])]);
      await expect(stage.load()).rejects.toThrow('TARGET_SCHEMA');
      expect(stage.errors.at(-1).data.reason).toMatch(/which keys were deleted .* by id, version, and key, newerBy or partitions are now id, name; .* DROP TABLE .*load_deleted_people/s);
    });
  });

  describe('of what a snapshot lacks', () => {
    withServer('take the table to what the newest snapshot holds, as a statement by hand does', async () => {
      const stage = await start(SNAPSHOT, { ...ABSENT, maxDeletes: { percent: 50 } });
      await stage.commit('people', [numbered(0, 200)]);
      await stage.load();
      await stage.say(`CREATE TABLE ${table(stage, 'direct')} AS SELECT * FROM ${table(stage)}`);
      await stage.commit('people', [people(['never', 'seen', 1, null])]);
      const snapshot = [...Array.from({ length: 160 }, (_, index): Person => [String(index * 2), index % 3 === 0 ? 'N' : 'n', 1, 'I']), ...['A', 'a', 'a '].map((id): Person => [id, 'x', 1, null])];
      await stage.commit('people', [people(...snapshot)]);
      expect(await counts(stage)).toMatchObject({
        commits: 1, staged: 163, inserted: 63, updated: 34, unchanged: 66, deleted: 0, stale: 0, removed: 100,
      });
      expect(await ledgerOf(stage, 'outcome, removed')).toEqual([['loaded', '0'], ['overtaken', '0'], ['loaded', '100']]);
      const direct = table(stage, 'direct');
      await stage.say(`DELETE FROM ${direct} WHERE id NOT IN (${snapshot.map(([id]) => `'${id}'`).join(', ')})`);
      for (const [id, name, version, op] of snapshot) {
        const of = `WHERE id = '${id}'`;
        if ((await stage.say(`SELECT id FROM ${direct} ${of}`)).length === 0) await stage.say(`INSERT INTO ${direct} (id, name, version, op) VALUES ('${id}', '${name}', ${version}, ${op === null ? 'NULL' : `'${op}'`})`);
        else await stage.say(`UPDATE ${direct} SET name = '${name}' ${of}`);
      }
      const columns = 'SELECT id, name, version, op FROM';
      expect(await stage.say(`SELECT count(*) FROM ((${columns} ${direct} EXCEPT ALL ${columns} ${table(stage)}) UNION ALL (${columns} ${table(stage)} EXCEPT ALL ${columns} ${direct})) AS d`)).toEqual([['0']]);
      expect((await ids(stage)).length).toBe(163);
    });

    withServer('come neither from an older snapshot, nor from a back-fill, nor over a gap', async () => {
      const stage = await start(SNAPSHOT, { ...ABSENT, maxDeletes: { percent: 100 } });
      await stage.commit('people', [numbered(0, 3)], { ingestSeq: 2 });
      expect((await stage.load()).datasets.people).toMatchObject({ outcome: 'held', held: [{ reason: expect.stringContaining('ingest commit 1 comes before it') }] });
      stage.settings.gaps = 'skip';
      await stage.load();
      await stage.commit('people', [numbered(0, 1)], { ingestSeq: 1 });
      await stage.commit('people', [numbered(0, 1)], { ingestSeq: 3, kind: 'backfill' });
      expect((await stage.load()).datasets.people).toMatchObject({ outcome: 'held', held: [{ reason: expect.stringContaining('older than that of ingest commit 2') }, { reason: expect.stringContaining('a back-fill is no whole snapshot') }] });
      expect(await ids(stage)).toEqual(['0', '1', '2']);
    });
  });

  describe('beyond the limit', () => {
    withServer('leave everything as it was, say how to go on, and pass once where an operator allows them', async () => {
      const stage = await start(contractText({ people: { ...PEOPLE, history: 'snapshot' }, others: { ...PEOPLE, history: 'snapshot' } }), ABSENT);
      await stage.commit('people', [numbered(0, 10)]);
      await stage.load();
      await stage.commit('people', [numbered(0, 8)]);
      expect(await counts(stage)).toMatchObject({ removed: 2 });
      // 2 of 8 is more than 20 per cent, and so is all of it.
      await stage.commit('people', [numbered(0, 6, 'changed')]);
      await stage.commit('others', [numbered(0, 1)]);
      await expect(stage.load({}, 'limit-a1')).rejects.toThrow('TARGET_DELETES');
      expect(stage.errors.at(-1).data).toMatchObject({ error: 'TARGET_DELETES', kind: 'terminal', facts: { dataset: 'people', seq: 3, removing: 2 } });
      for (const part of ['commit 3 of people would take 2 rows out of', 'more than the 20 per cent of maxDeletePercent, since the table has 8 rows', '"allowDeletes": {"people":3}', 'raise the limit']) expect(stage.errors.at(-1).data.reason).toContain(part);
      expect(await stage.say(`SELECT name, count(*) FROM ${table(stage)} GROUP BY name`)).toEqual([['n', '8']]);
      expect(await stage.say(`SELECT count(*) FROM ${table(stage, 'others')}`)).toEqual([['1']]);
      await expect(stage.load({ allowDeletes: { people: 2 } }, 'limit-a2')).rejects.toThrow('TARGET_DELETES');
      expect(stage.codes()).toContain('LOAD_W1016');
      expect((await stage.load({ allowDeletes: { people: 3 } }, 'limit-a3')).datasets.people!.counts).toMatchObject({ removed: 2, updated: 6 });
      await stage.commit('people', []);
      await expect(stage.load({}, 'empty-a1')).rejects.toThrow('TARGET_DELETES');
      expect((await stage.load({ allowDeletes: { people: 4 } }, 'empty-a2')).datasets.people).toMatchObject({ outcome: 'empty', counts: { staged: 0, removed: 6 } });
      await expect(stage.load({ allowDeletes: { people: '4' } })).rejects.toThrow('INPUT');
    });

    withServer('in rows are counted to the last one, and only what would really go', async () => {
      const stage = await start(CHANGES, { ...MARKED, maxDeletes: { rows: 2 } });
      await stage.commit('people', [numbered(0, 4)]);
      await stage.load();
      // A row that is newer and one that is not there do not count.
      await stage.commit('people', [people(['0', null, 2, 'D'], ['1', null, 2, 'D'], ['2', null, 0, 'D'], ['9', null, 2, 'D'])]);
      expect(await counts(stage)).toMatchObject({ deleted: 2, stale: 1, unchanged: 1 });
      stage.settings.writeModes = { people: { ...MARKED, maxDeletes: { rows: 1 } } };
      await stage.commit('people', [people(['2', null, 2, 'D'], ['3', null, 2, 'D'])]);
      await expect(stage.load({}, 'rows-a1')).rejects.toThrow('more than the 1 rows of maxDeleteRows');
      const [[guard]] = await guards(stage) as [[string]];
      expect(await stage.say(`SELECT id FROM ${stage.settings.ledgerSchema}.${guard} ORDER BY id`)).toEqual([['0'], ['1'], ['9']]);
      await stage.load({ allowDeletes: { people: 3 } }, 'rows-a2');
      expect(await ids(stage)).toEqual([]);
    });

    withServer('and a foreign key say which one keeps the rows, and leave them', async () => {
      const stage = await start(SNAPSHOT, { ...ABSENT, maxDeletes: { percent: 100 } });
      await stage.commit('people', [numbered(0, 2)]);
      await stage.load();
      await stage.say(`CREATE TABLE ${table(stage, 'visits')} AS SELECT id AS person FROM ${table(stage)} WHERE 1 = 0`);
      await stage.say(`ALTER TABLE ${table(stage, 'visits')} ADD CONSTRAINT visits_person FOREIGN KEY (person) REFERENCES ${table(stage)} (id)`);
      await stage.say(`INSERT INTO ${table(stage, 'visits')} VALUES ('1')`);
      await stage.commit('people', [numbered(0, 1)]);
      await expect(stage.load({}, 'key-a1')).rejects.toThrow('TARGET_CONSTRAINT');
      expect(stage.errors.at(-1).data.reason).toMatch(/still referred to by foreign key visits_person of .*visits; nothing of it is visible\. .*ON DELETE CASCADE/);
      expect(await ids(stage)).toEqual(['0', '1']);
      await stage.say(`DELETE FROM ${table(stage, 'visits')}`);
      await stage.load({}, 'key-a2');
      expect(await ids(stage)).toEqual(['0']);
    });
  });

  describe('of a load that is stopped', () => {
    withServer('are made once by the next attempt, and never by one that was taken over', async () => {
      const stage = await start(CHANGES, MARKED);
      await stage.commit('people', [numbered(0, 5)]);
      await stage.load({}, 'first-a1');
      await stage.commit('people', [people(['0', null, 2, 'D'], ['1', null, 2, 'D'], ['7', 'g', 1, 'I'])]);
      await stage.claim('stop-a1');
      await stage.step(stage.pointer('stage', 'stop-a1', 0));
      // Killed between stage and publish.
      await stage.claim('stop-a2');
      expect(await stage.step(stage.pointer('publish', 'stop-a1', 0))).toBe(1);
      expect(stage.errors.at(-1).data.error).toBe('EPOCH');
      expect((await ids(stage)).length).toBe(5);
      expect(await stage.step(stage.pointer('stage', 'stop-a2', 0))).toBe(0);
      for (const step of ['publish', 'publish']) expect(await stage.step(stage.pointer(step, 'stop-a2', 0))).toBe(0);
      expect([await ids(stage), await ledgerOf(stage, 'seq, deleted')]).toEqual([['2', '3', '4', '7'], [['1', '0'], ['2', '2']]]);
    });
  });
});
