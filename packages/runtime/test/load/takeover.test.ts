import { startTestPostgres, type TestPostgres } from '../_fixtures/postgres';
import { contractText, LoadStage } from './_fixtures/load-stage';
import { PowerLine } from './_fixtures/power-line';
import type { LeaseClaimant } from '../../src/load/lease/lease';
import { releaseLease } from '../../src/load/postgres/ledger/lease';

const CONTRACT = contractText({ people: { history: 'append', properties: ['{ name: id, logicalType: integer, logicalTypeOptions: { format: i64 } }'] } });
const part = (first: number, rows = 10): string => `SELECT CAST(${first} + i AS BIGINT) AS id FROM range(${rows}) AS r(i)`;

describe('loads that meet', () => {
  let server: TestPostgres | undefined;
  let stage: LoadStage;
  let line: PowerLine;

  beforeAll(async () => { server = await startTestPostgres(); });
  afterAll(async () => server?.stop());

  beforeEach(async () => {
    if (server === undefined) return;
    stage = await LoadStage.start(server, CONTRACT, { lockTimeoutSeconds: 8 });
    line = await PowerLine.start(Number(new URL(server.url).port), stage.s3);
    stage.settings.target.port = line.port;
  });

  afterEach(async () => {
    await line?.close();
    await stage?.close();
  });

  const withServer = (title: string, body: () => Promise<void>): void => test(title, async () => {
    if (server !== undefined) await body();
  });

  const ids = async (): Promise<number> => (await stage.rows('people', 'count(*)::int'))[0]![0] as number;

  withServer('load every commit once when two attempts run at the same time', async () => {
    for (let round = 1; round <= 4; round += 1) {
      await stage.commit('people', [part(round * 100), part(round * 100 + 50)]);
      const ends = await Promise.allSettled([stage.load({}, `left${round}-a1`), stage.load({}, `right${round}-a1`)]);
      // Whoever claims last finds the other at work, or nothing left to do.
      const outcomes = ends.map((end) => (end.status === 'fulfilled' ? end.value.datasets.people!.outcome : String(end.reason)));
      expect([outcomes, outcomes.filter((outcome) => outcome === 'committed').length]).toEqual([outcomes, 1]);
      expect(outcomes.filter((outcome) => ['busy', 'nothing'].includes(outcome))).toHaveLength(1);
      expect(await ids()).toBe(round * 20);
      expect((await stage.ledger('seq::int')).length).toBe(round);
    }
  });

  withServer('leave a table to the run of another slot that loads it and say which, until it ends or is heard of no more', async () => {
    await stage.commit('people', [part(0)]);
    await stage.claim('first-a1');
    const busy = await stage.load({}, 'second-a1');
    expect(busy.datasets.people).toMatchObject({ outcome: 'busy', counts: { commits: 0, drained: 1 }, busy: { pipeline: 'demo', slot: 'first', attemptId: 'first-a1' } });
    expect(stage.codes()).toContain('LOAD_W1018');
    expect(await stage.step(stage.pointer('stage', 'first-a1', 0))).toBe(0);
    expect(await stage.step(stage.pointer('publish', 'first-a1', 0))).toBe(0);
    await stage.commit('people', [part(10)]);
    await stage.claim('third-a1');
    // Ten minutes without a word.
    await stage.client.query(`UPDATE "${stage.settings.ledgerSchema}".load_lease SET expires_at = now() - interval '1 second'`);
    expect((await stage.load({}, 'fourth-a1')).datasets.people).toMatchObject({ outcome: 'committed', seq: 2 });
    expect(await stage.step(stage.pointer('stage', 'third-a1', 0))).toBe(1);
    expect(stage.errors.at(-1).data).toMatchObject({ error: 'EPOCH', facts: { claimedBy: 'fourth-a1' } });
    expect(await ids()).toBe(20);
    expect((await stage.client.query(`SELECT 1 FROM "${stage.settings.ledgerSchema}".load_lease`)).rowCount).toBe(0);
  });

  withServer('keep the lease while they work, and give it back when they fail for good', async () => {
    const { parts } = await stage.commit('people', [part(0)]);
    await stage.claim('works-a1');
    const left = async (): Promise<unknown> => (await stage.client.query(`SELECT attempt_id, round(extract(epoch FROM expires_at - clock_timestamp())) > 590 AS renewed FROM "${stage.settings.ledgerSchema}".load_lease`)).rows;
    await stage.client.query(`UPDATE "${stage.settings.ledgerSchema}".load_lease SET expires_at = now() + interval '5 seconds'`);
    // What waits for a lock works: the minute of the renewal comes early.
    jest.useFakeTimers({ advanceTimers: true, doNotFake: ['nextTick', 'setImmediate', 'setTimeout', 'clearTimeout', 'Date', 'performance', 'queueMicrotask'] });
    try {
      const asleep = line.holdAt('COPY ');
      const staging = stage.step(stage.pointer('stage', 'works-a1', 0));
      const wake = await asleep;
      jest.advanceTimersByTime(60_000);
      for (let tries = 0; tries < 100 && !JSON.stringify(await left()).includes('true'); tries += 1) await new Promise((done) => { setTimeout(done, 50); });
      expect(await left()).toEqual([{ attempt_id: 'works-a1', renewed: true }]);
      wake();
      expect(await staging).toBe(0);
    } finally {
      jest.useRealTimers();
    }
    await stage.claim('works-a2');
    stage.s3.put('curated', parts[0]!.key, Buffer.alloc(parts[0]!.bytes));
    await stage.client.query(`DELETE FROM "${stage.settings.ledgerSchema}".load_part`);
    expect(await stage.step(stage.pointer('stage', 'works-a2', 0))).toBe(1);
    expect(await left()).toEqual([]);
  });

  withServer('give back what earlier attempts held, and never what a later one does', async () => {
    await stage.commit('people', [part(0)]);
    await stage.claim('turn-a2');
    const by = (attempt: number): LeaseClaimant => ({ pipeline: 'demo', slot: 'turn', attemptId: `turn-a${attempt}` });
    const held = async (): Promise<unknown> => (await stage.client.query(`SELECT attempt_id FROM "${stage.settings.ledgerSchema}".load_lease`)).rows;
    await releaseLease(stage.client, stage.settings.ledgerSchema, by(1), true);
    await releaseLease(stage.client, stage.settings.ledgerSchema, by(10), false);
    expect(await held()).toEqual([{ attempt_id: 'turn-a2' }]);
    await releaseLease(stage.client, stage.settings.ledgerSchema, by(10), true);
    expect(await held()).toEqual([]);
  });

  withServer('fence the older one in stage and in publish, and name both epochs', async () => {
    await stage.commit('people', [part(0)]);
    await stage.claim('same-a1');
    await stage.claim('same-a2');
    expect(await stage.step(stage.pointer('stage', 'same-a1', 0))).toBe(1);
    expect(stage.errors.at(-1).data).toMatchObject({ error: 'EPOCH', facts: { epoch: '1', currentEpoch: '2', claimedBy: 'same-a2' } });
    expect(await stage.step(stage.pointer('stage', 'same-a2', 0))).toBe(0);
    expect(await stage.step(stage.pointer('publish', 'same-a1', 0))).toBe(1);
    expect(stage.errors.at(-1).data.reason).toContain('holds epoch 1');
    expect(stage.errors.at(-1).data.reason).toContain('same-a2 claimed epoch 2');
    expect(await ids()).toBe(0);
    expect(await stage.step(stage.pointer('publish', 'same-a2', 0))).toBe(0);
    expect(await ids()).toBe(10);
  });

  withServer('go on with the parts that an earlier attempt staged', async () => {
    await stage.commit('people', [part(0), part(10), part(20)]);
    await stage.claim('first-a1');
    expect(await stage.step(stage.pointer('stage', 'first-a1', 1))).toBe(0);
    stage.lines.length = 0;
    expect((await stage.load({}, 'first-a2')).datasets.people).toMatchObject({ outcome: 'committed', counts: { staged: 30, inserted: 30 } });
    expect(stage.codes().filter((code) => code === 'LOAD_I1101')).toHaveLength(1);
    expect(stage.codes().filter((code) => code === 'LOAD_I1104')).toHaveLength(2);
  });

  withServer('keep the epoch when a claim is repeated within its attempt', async () => {
    await stage.commit('people', [part(0)]);
    await stage.claim('repeated-a1');
    expect(await stage.step(stage.pointer('stage', 'repeated-a1', 0))).toBe(0);
    await stage.store.remove({ bucket: 'curated', key: 'demo/work/load-1a2b3c4d/repeated-a1/claim/0.json' });
    await stage.claim('repeated-a1');
    expect((await stage.items('repeated-a1'))[0]!.epoch).toBe('1');
    expect(await stage.step(stage.pointer('publish', 'repeated-a1', 0))).toBe(0);
    expect(await ids()).toBe(10);
  });

  withServer('say committed when the answer to COMMIT is lost, because the ledger has it', async () => {
    await stage.commit('people', [part(0)]);
    await stage.claim('lost-a1');
    await stage.step(stage.pointer('stage', 'lost-a1', 0));
    line.cutAt('COMMIT', 'after');
    expect(await stage.step(stage.pointer('publish', 'lost-a1', 0))).toBe(0);
    expect(stage.lines.find(({ code }) => code === 'LOAD_W1204')).toMatchObject({ data: { answer: 'published' } });
    expect(await stage.document('lost-a1', 'outcome')).toMatchObject({ datasets: { people: { outcome: 'committed', counts: { inserted: 10 } } } });
    expect(await ids()).toBe(10);
  });

  withServer('fail for a while when COMMIT never arrived, and publish on the next try', async () => {
    await stage.commit('people', [part(0)]);
    await stage.claim('cut-a1');
    await stage.step(stage.pointer('stage', 'cut-a1', 0));
    line.cutAt('COMMIT', 'before');
    expect(await stage.step(stage.pointer('publish', 'cut-a1', 0))).toBe(75);
    expect(stage.errors.at(-1).data).toMatchObject({ error: 'TARGET_CONNECTION', kind: 'transient' });
    expect(await ids()).toBe(0);
    expect(await stage.step(stage.pointer('publish', 'cut-a1', 0))).toBe(0);
    expect(await ids()).toBe(10);
  });

  withServer('drain when the window closes, and go on in the next one with what is staged', async () => {
    await stage.commit('people', [part(0), part(10)]);
    const deadline = '2026-01-01T05:00:00Z';
    const before = { now: () => new Date('2026-01-01T04:59:59Z') };
    const after = { now: () => new Date(deadline) };
    await stage.claim('night1-a1', { deadline });
    expect(await stage.step(stage.pointer('stage', 'night1-a1', 0), before)).toBe(0);
    expect(await stage.step(stage.pointer('stage', 'night1-a1', 1), after)).toBe(0);
    expect(await stage.step(stage.pointer('publish', 'night1-a1', 0), after)).toBe(0);
    expect(await stage.document('night1-a1', 'outcome')).toMatchObject({ datasets: { people: { outcome: 'drained', counts: { commits: 0, drained: 1 } } } });
    expect(await ids()).toBe(0);
    stage.lines.length = 0;
    await stage.load({}, 'night2-a1');
    expect(stage.codes().filter((code) => code === 'LOAD_I1104')).toHaveLength(1);
    expect(await ids()).toBe(20);
  });

  withServer('fail for a while when somebody holds the table locked', async () => {
    stage.settings.lockTimeoutSeconds = 1;
    await stage.commit('people', [part(0)]);
    await stage.load({}, 'made-a1');
    await stage.commit('people', [part(10)]);
    await stage.claim('locked-a1');
    await stage.step(stage.pointer('stage', 'locked-a1', 0));
    await stage.client.query(`BEGIN; LOCK TABLE "${stage.settings.targetSchema}".people IN ACCESS EXCLUSIVE MODE`);
    expect(await stage.step(stage.pointer('publish', 'locked-a1', 0))).toBe(75);
    expect(stage.errors.at(-1).data).toMatchObject({ error: 'TARGET_BUSY', facts: { sqlState: '55P03' } });
    await stage.client.query('COMMIT');
    expect(await stage.step(stage.pointer('publish', 'locked-a1', 0))).toBe(0);
    expect(await ids()).toBe(20);
  });

  withServer('fail for a while when the server cannot be reached', async () => {
    await stage.commit('people', [part(0)]);
    stage.settings.target.port = 1;
    expect(await stage.claim('down-a1')).toBe(75);
    expect(stage.errors.at(-1).data).toMatchObject({ error: 'TARGET_CONNECTION', facts: { port: 1 } });
  });
});
