import { Client } from 'pg';
import { postgresTargetDdl } from '../../src/contract/postgres-ddl';
import { grantScript } from '../../src/load/postgres/ledger/ledger-ddl';
import type { DatasetPace, LoadPace } from '../../src/load/pace/load-pace';
import { startTestPostgres, type TestPostgres } from '../_fixtures/postgres';
import { BUCKET, contractText, LoadStage } from './_fixtures/load-stage';

const PROPERTIES = [
  '{ name: id, logicalType: integer, logicalTypeOptions: { format: i64 }, primaryKey: true, required: true }',
  '{ name: version, logicalType: integer, required: true }',
];
const PEOPLE = { history: 'changes' as const, properties: PROPERTIES };
const people = (version: number, ...ids: readonly number[]): string => (
  `SELECT CAST(i AS BIGINT) AS id, CAST(${version} AS INTEGER) AS version FROM (VALUES ${ids.map((id) => `(${id})`).join(', ')}) AS v(i)`);
const WINDOW = { from: '01:00', until: '05:00', timeZone: 'UTC' };
const at = (time: string) => ({ now: () => new Date(`2026-01-01T${time}Z`) });
const WORK = 'demo/work/load-1a2b3c4d/';

describe('loads of several nights', () => {
  let server: TestPostgres | undefined;
  let stage: LoadStage;

  beforeAll(async () => { server = await startTestPostgres(); });
  afterAll(async () => server?.stop());
  afterEach(async () => stage?.close());

  type Body = () => Promise<void>;
  const withServer = (title: string, contract: string, settings: Record<string, unknown>, body: Body): void => test(title, async () => {
    if (server === undefined) return;
    stage = await LoadStage.start(server, contract, settings);
    await body();
  });
  const data = (code: string): any[] => stage.lines.filter((line) => line.code === code).map((line) => line.data);
  const rows = (): Promise<unknown[][]> => stage.rows('people', 'id::int, version');

  describe('the window', () => {
    const merge = { window: WINDOW };

    withServer('refuses a load outside of it without a look at the database, says when it opens, and yields to an operator', contractText({ people: PEOPLE }), merge, async () => {
      await stage.commit('people', [people(1, 1)]);
      const { port } = stage.settings.target;
      stage.settings.target.port = 1;
      const outcome = await stage.load({}, 'noon-a1', at('12:00:00'));
      expect(outcome).toMatchObject({ datasets: { people: { outcome: 'outside-window', counts: {}, loaded: [] } }, window: { opens: '2026-01-02T01:00:00.000Z' } });
      expect(outcome.window?.reason).toContain('outside the window 01:00 to 05:00 UTC, which opens next at 2026-01-02T01:00:00.000Z');
      stage.settings.target.port = port;
      expect((await stage.load({ operation: 'now' }, 'noon-a2', at('12:00:00'))).datasets.people).toMatchObject({ outcome: 'committed' });
      expect(await rows()).toEqual([[1, 1]]);
    });

    withServer('gives a load its end, whoever starts it, unless an earlier one is asked for', contractText({ people: PEOPLE }), merge, async () => {
      await stage.commit('people', [people(1, 1)]);
      await stage.claim('night-a1', {}, at('03:00:00'));
      expect(await stage.document('night-a1', 'plan')).toMatchObject({ deadline: '2026-01-01T05:00:00.000Z' });
      await stage.claim('early-a1', { deadline: '2026-01-01T04:00:00Z' }, at('03:00:00'));
      expect(await stage.document('early-a1', 'plan')).toMatchObject({ deadline: '2026-01-01T04:00:00Z' });
      await stage.claim('now-a1', { operation: 'now' }, at('03:00:00'));
      expect((await stage.document<any>('now-a1', 'plan')).deadline).toBeUndefined();
      expect(await stage.claim('wrong-a1', { operation: 'later' })).toBe(1);
      expect(stage.errors.at(-1).data.reason).toContain('operation must be one of load, now, got "later"');
    });

    withServer('takes a load that is longer than it over several nights: each publishes what it staged, and no night half a commit', contractText({ people: PEOPLE }), merge, async () => {
      for (const version of [1, 2, 3]) await stage.commit('people', [people(version, 1, 2), people(version, 3, 4)]);
      // A part takes a fifth of the night; so two commits fit, and the third is begun.
      await pace({ stage: measured(1), publish: { merge: measured(1) } });
      stage.settings.connections = 1;
      await sizes(4 * 3_600 / 5);
      let clock = Date.parse('2026-01-01T01:00:00Z');
      // A look at the clock for every 20 minutes or so.
      const slow = { now: () => new Date(clock += 1_300_000) };
      const first = await stage.load({}, 'night1-a1', slow);
      expect(first.datasets.people).toMatchObject({ outcome: 'drained', counts: { commits: 2, drained: 1 } });
      expect(await rows()).toEqual([[1, 2], [2, 2], [3, 2], [4, 2]]);
      clock = Date.parse('2026-01-02T01:00:00Z');
      expect((await stage.load({}, 'night2-a1', slow)).datasets.people).toMatchObject({ outcome: 'committed', counts: { commits: 1, drained: 0 } });
      expect(await rows()).toEqual([[1, 3], [2, 3], [3, 3], [4, 3]]);
      expect(await stage.stagingTables()).toEqual([]);
    });

    withServer('begins a commit that is too long for it, keeps the time to publish the others, and ends it another night', contractText({ people: PEOPLE, zones: PEOPLE }), merge, async () => {
      await stage.commit('people', [people(1, 1), people(1, 2), people(1, 3)]);
      await stage.commit('zones', [people(1, 1)]);
      await pace({ stage: measured(1), publish: { merge: measured(1) } }, 'people', 'zones');
      stage.settings.connections = 1;
      // Two of its parts are most of a night.
      await sizes(2 * 3_600 - 600);
      const night = async (slot: string, times: readonly string[]): Promise<any> => {
        await stage.claim(slot, {}, at('01:00:00'));
        const { items } = await stage.claimed(slot);
        for (let index = 0; index < items.count; index += 1) expect(await stage.step(stage.pointer('stage', slot, index), at(times[index]!))).toBe(0);
        expect(await stage.step(stage.pointer('publish', slot, 0), at('04:50:00'))).toBe(0);
        return (await stage.document<any>(slot, 'outcome')).datasets;
      };
      const first = await night('night1-a1', ['04:40:00', '01:30:00']);
      expect({ people: first.people.outcome, zones: first.zones.outcome }).toEqual({ people: 'drained', zones: 'committed' });
      expect(stage.codes()).toContain('LOAD_W1207');
      expect((await night('night2-a1', ['01:30:00'])).people).toMatchObject({ outcome: 'committed', counts: { inserted: 3 } });
    });

    withServer('refuses a commit that no night can hold, loads the others, and fails with the figures', contractText({ people: PEOPLE, zones: PEOPLE }), merge, async () => {
      await stage.commit('people', [people(1, 1, 2)]);
      await stage.commit('zones', [people(1, 1)]);
      // Two records take five hours.
      await pace({ stage: measured(1_000_000), publish: { merge: [{ perSecond: 2 / (5 * 3_600), seconds: 60, slot: 's1' }] } });
      await expect(stage.load({}, 'night1-a1', at('01:00:00'))).rejects.toThrow(/WINDOW_TOO_SHORT.*commit 1 of people cannot be loaded inside the window.*about 300 min.*load --now/);
      expect(await stage.ledger('dataset')).toEqual([['zones']]);
      expect((await stage.stagingTables()).length).toBe(0);
      await expect(stage.load({}, 'night1-a2', at('01:30:00'))).rejects.toThrow('WINDOW_TOO_SHORT');
      expect((await stage.load({ operation: 'now' }, 'noon-a1', at('12:00:00'))).datasets.people).toMatchObject({ outcome: 'committed' });
    });

    withServer('puts publishing off where too little time is left for it, and publishes first in the next night', contractText({ people: PEOPLE }), merge, async () => {
      await stage.commit('people', [people(1, 1, 2, 3, 4)]);
      await pace({ stage: measured(1_000_000), publish: { merge: [{ perSecond: 4 / 3_600, seconds: 60, slot: 's1' }] } });
      await stage.claim('night1-a1', {}, at('01:00:00'));
      await stage.step(stage.pointer('stage', 'night1-a1', 0), at('01:00:00'));
      expect(await stage.step(stage.pointer('publish', 'night1-a1', 0), at('04:31:00'))).toBe(0);
      expect(data('LOAD_W1206')).toMatchObject([{ seconds: 3_600, deadline: '2026-01-01T05:00:00.000Z' }]);
      expect((await stage.load({}, 'night2-a1', at('01:00:00'))).datasets.people).toMatchObject({ outcome: 'committed' });
    });

    async function pace(figures: DatasetPace, ...datasets: readonly string[]): Promise<void> {
      const known: LoadPace = { schemaVersion: 1, datasets: Object.fromEntries((datasets.length === 0 ? ['people'] : datasets).map((name) => [name, figures])) };
      await stage.store.putJson({ bucket: BUCKET, key: `${WORK}pace.json` }, known);
    }
    /** So that files take as long to copy as they would if they had this size. */
    async function sizes(seconds: number): Promise<void> {
      for (const dataset of stage.datasets) {
        const known = (await stage.store.getJson<LoadPace>({ bucket: BUCKET, key: `${WORK}pace.json` }))!.value;
        const bytes = stage.largestPart(dataset.name);
        await stage.store.putJson({ bucket: BUCKET, key: `${WORK}pace.json` }, {
          ...known, datasets: { ...known.datasets, [dataset.name]: { ...known.datasets[dataset.name], stage: measured(bytes / seconds) } },
        });
      }
    }
    const measured = (perSecond: number) => [{ perSecond, seconds: 60, slot: 's1' }];
  });

  describe('commits that come late', () => {
    const NEWER = { writeModes: { people: { mode: 'merge', newerBy: 'version' } } };

    withServer('are never lost and never go over newer rows, in whatever order they are committed and loaded', contractText({ people: PEOPLE }), NEWER, async () => {
      const newest = new Map<number, number>();
      // A fixed shuffle of ingest numbers: 7 and 12 have no common factor.
      for (let index = 0; index < 12; index += 1) {
        const ingestSeq = ((index * 7) % 12) + 1;
        const ids = [ingestSeq % 5, (ingestSeq * 3) % 5].filter((id, position, all) => all.indexOf(id) === position);
        await stage.commit('people', [people(ingestSeq, ...ids)], { ingestSeq, ...(index % 6 === 5 ? { kind: 'backfill' as const } : {}) });
        for (const id of ids) newest.set(id, Math.max(newest.get(id) ?? 0, ingestSeq));
        if (index % 4 === 3) {
          expect((await stage.load()).datasets.people).toMatchObject({ outcome: 'committed', counts: { commits: 4, held: 0 } });
          expect(await rows()).toEqual([...newest].sort(([a], [b]) => a - b));
        }
      }
      expect((await stage.load()).datasets.people).toMatchObject({ outcome: 'nothing' });
      expect((await stage.ledger('seq::int')).length).toBe(12);
    });

    withServer('wait for a gap before them, and are loaded over it only where that is asked for', contractText({ people: PEOPLE }), {}, async () => {
      await stage.commit('people', [people(1, 1)], { ingestSeq: 1 });
      await stage.commit('people', [people(3, 1, 2)], { ingestSeq: 3 });
      expect((await stage.load()).datasets.people).toMatchObject({ outcome: 'committed', counts: { commits: 1, held: 1 }, held: [{ seq: 2, reason: expect.stringContaining('ingest commit 2 comes before it') }] });
      expect((await stage.load()).datasets.people).toMatchObject({ outcome: 'held' });
      await stage.commit('people', [people(2, 1, 3)], { ingestSeq: 2 });
      expect((await stage.load()).datasets.people).toMatchObject({ outcome: 'committed', counts: { commits: 2, held: 0 } });
      expect(await rows()).toEqual([[1, 3], [2, 3], [3, 2]]);
      await stage.commit('people', [people(5, 2)], { ingestSeq: 5 });
      stage.settings.gaps = 'skip';
      expect((await stage.load()).datasets.people).toMatchObject({ outcome: 'committed', counts: { commits: 1 } });
      await stage.commit('people', [people(4, 2, 4)], { ingestSeq: 4 });
      expect((await stage.load()).datasets.people).toMatchObject({ outcome: 'held', held: [{ seq: 5, reason: expect.stringContaining('older than ingest commit 5') }] });
      expect(await rows()).toEqual([[1, 3], [2, 5], [3, 2]]);
    });
  });

  describe('a target that is not ready', () => {
    withServer('is told with every missing right, and nothing is staged', contractText({ people: PEOPLE }), { manageSchema: false }, async () => {
      const { ledgerSchema, targetSchema } = stage.settings;
      const role = `loader_${ledgerSchema}`;
      await stage.client.query(`CREATE ROLE "${role}" LOGIN PASSWORD 'x'; CREATE SCHEMA "${targetSchema}"; ${postgresTargetDdl(stage.datasets[0]!, { schema: targetSchema, table: 'people' }).join(';')}`);
      await stage.client.query(grantScript({ ledgerSchema, targetSchema, tables: ['people'], role }));
      await stage.client.query(`REVOKE UPDATE ON "${targetSchema}".people FROM "${role}"; REVOKE CREATE ON SCHEMA "${ledgerSchema}" FROM "${role}"; REVOKE DELETE ON "${ledgerSchema}".load_part FROM "${role}"`);
      stage.credentials = { username: role, password: 'x' };
      await stage.commit('people', [people(1, 1)]);
      expect(await stage.claim('night-a1')).toBe(1);
      const { error, facts } = stage.errors.at(-1).data;
      expect({ error, problems: facts.problems }).toEqual({ error: 'TARGET_PREFLIGHT', problems: [
        `role "${role}" may make no staging tables: GRANT USAGE, CREATE ON SCHEMA "${ledgerSchema}" TO "${role}"`,
        `role "${role}" lacks rights on "${ledgerSchema}"."load_part": GRANT DELETE ON "${ledgerSchema}"."load_part" TO "${role}"`,
        `role "${role}" lacks rights on "${targetSchema}"."people": GRANT UPDATE ON "${targetSchema}"."people" TO "${role}"`,
      ] });
      expect(await stage.stagingTables()).toEqual([]);
      await stage.client.query(`GRANT UPDATE ON "${targetSchema}".people TO "${role}"; GRANT CREATE ON SCHEMA "${ledgerSchema}" TO "${role}"; GRANT DELETE ON "${ledgerSchema}".load_part TO "${role}"; ALTER ROLE "${role}" CONNECTION LIMIT 3`);
      stage.settings.connections = 8;
      await stage.load({}, 'night-a2');
      expect(await stage.claimed('night-a2')).toMatchObject({ connections: 2 });
      expect(data('LOAD_W1010')).toMatchObject([{ room: 2, connections: 8, limit: 3, what: 'CONNECTION LIMIT of the role' }]);
      await stage.client.query(`DROP OWNED BY "${role}"; DROP ROLE "${role}"`);
    });

    withServer('is told where its connections are used up, and where it takes no writes; both may pass', contractText({ people: PEOPLE }), {}, async () => {
      await stage.commit('people', [people(1, 1)]);
      await stage.claim('made-a1');
      const others = Array.from({ length: 23 }, () => new Client({ connectionString: server!.url }));
      await Promise.all(others.map((other) => other.connect()));
      expect(await stage.claim('full-a1')).toBe(75);
      expect(stage.errors.at(-1).data).toMatchObject({ error: 'TARGET_CONNECTIONS', facts: { room: 0, limit: 30 } });
      await Promise.all(others.map((other) => other.end()));
      await stage.client.query('ALTER ROLE headrace SET default_transaction_read_only = on');
      expect(await stage.claim('readonly-a1')).toBe(75);
      expect(stage.errors.at(-1).data).toMatchObject({ error: 'TARGET_READ_ONLY', reason: expect.stringContaining('default_transaction_read_only is on') });
      await stage.client.query('ALTER ROLE headrace RESET default_transaction_read_only');
      expect((await stage.load({}, 'made-a2')).datasets.people).toMatchObject({ outcome: 'committed' });
    });
  });
});
