import { startTestPostgres, type TestPostgres } from '../_fixtures/postgres';
import { Containers, type Container } from './_fixtures/container';
import { contractText, LoadStage } from './_fixtures/load-stage';

const CONTRACT = contractText({ people: { history: 'append', properties: [
  '{ name: id, logicalType: integer, logicalTypeOptions: { format: i64 } }', '{ name: note, logicalType: string }',
] } });
/** Takes long enough to be met in the middle. */
const ROWS = 250_000;

describe('the containers of a load', () => {
  let server: TestPostgres | undefined;
  let stage!: LoadStage;
  let containers!: Containers;
  const running: Container[] = [];

  beforeAll(async () => {
    server = await startTestPostgres();
    if (server === undefined) return;
    stage = await LoadStage.start(server, CONTRACT, { lockTimeoutSeconds: 8 });
    containers = await Containers.start(stage.s3.url, { username: 'headrace', password: 'canary-4711' });
  }, 120_000);

  afterEach(async () => {
    for (const container of running.splice(0)) {
      container.signal('SIGKILL');
      await container.ended;
    }
  });

  afterAll(async () => {
    await containers?.close();
    await stage?.close();
    await server?.stop();
  });

  function run(pointer: object): Container {
    const container = containers.run(pointer, stage.settings);
    running.push(container);
    return container;
  }

  let seq = 0;
  async function commit(rows = 1_000): Promise<void> {
    seq += 1;
    await stage.commit('people', [`SELECT CAST(i AS BIGINT) AS id, 'note ' || i AS note FROM range(${rows}) AS r(i)`]);
  }

  async function expectOnce(rows: number): Promise<void> {
    const { rows: [found] } = await stage.client.query(`SELECT count(*)::int AS rows FROM "${stage.settings.targetSchema}".people`);
    expect(found.rows).toBe(rows);
    expect(await stage.ledger('seq::int')).toEqual(Array.from({ length: seq }, (_, index) => [index + 1]));
  }

  async function copying(): Promise<void> {
    for (;;) {
      const { rowCount } = await stage.client.query("SELECT FROM pg_stat_progress_copy WHERE relid::regclass::text LIKE '%stage_%' AND tuples_processed > 0");
      if (rowCount === 1) return;
    }
  }

  let total = 0;
  const withServer = (title: string, body: () => Promise<void>): void => test(title, async () => {
    if (server !== undefined) await body();
  }, 60_000);

  withServer('load a commit from claim to outcome, and never show the password', async () => {
    await commit();
    total += 1_000;
    const outputs: string[] = [];
    for (const pointer of [stage.pointer('claim', 'plain-a1', 0, { slot: 'plain' }), stage.pointer('stage', 'plain-a1', 0), stage.pointer('publish', 'plain-a1', 0)]) {
      const container = run(pointer);
      expect(await container.ended).toBe(0);
      outputs.push(...container.raw);
    }
    expect(await stage.document('plain-a1', 'outcome')).toMatchObject({ datasets: { people: { outcome: 'committed', counts: { staged: 1_000, inserted: 1_000 } } } });
    expect(outputs.join('\n')).not.toContain('canary-4711');
    await expectOnce(total);
  });

  test.each([
    ['claim', 'LOAD_I1001'], ['stage', 'LOAD_I1102'], ['stage', 'LOAD_I1104'], ['publish', 'LOAD_I1201'], ['publish', 'LOAD_I1202'],
  ] as const)('killed in %s when it said %s leave nothing that the next attempt does not finish', async (step, code) => {
    if (server === undefined) return;
    await commit();
    total += 1_000;
    const slot = `killed_${code.toLowerCase()}`;
    const pointers = { claim: stage.pointer('claim', `${slot}-a1`, 0, { slot }), stage: stage.pointer('stage', `${slot}-a1`, 0), publish: stage.pointer('publish', `${slot}-a1`, 0) };
    for (const [name, pointer] of Object.entries(pointers)) {
      const container = run(pointer);
      if (name === step) {
        await container.says(code);
        container.signal('SIGKILL');
        // A small part may be done before the signal arrives: both ways must end well.
        await container.ended;
        break;
      }
      expect(await container.ended).toBe(0);
    }
    await stage.load({}, `${slot}-a2`);
    await expectOnce(total);
    expect(await stage.stagingTables()).toEqual([]);
  }, 60_000);

  withServer('asked to stop in the middle of a copy end with 143 and leave the part to the next try', async () => {
    await commit(ROWS);
    total += ROWS;
    expect(await stage.claim('stopped-a1')).toBe(0);
    const container = run(stage.pointer('stage', 'stopped-a1', 0));
    await copying();
    container.signal('SIGTERM');
    expect(await container.ended).toBe(143);
    expect(container.lines.at(-1)).toMatchObject({ code: 'TASK_E0003' });
    await stage.load({}, 'stopped-a2');
    await expectOnce(total);
  });

  withServer('paused in the middle of a copy are fenced when a later attempt took over', async () => {
    await commit(ROWS);
    total += ROWS;
    expect(await stage.claim('zombie-a1')).toBe(0);
    const zombie = run(stage.pointer('stage', 'zombie-a1', 0));
    await copying();
    zombie.signal('SIGSTOP');
    await stage.load({}, 'zombie-a2');
    await expectOnce(total);
    zombie.signal('SIGCONT');
    expect(await zombie.ended).toBe(1);
    expect(zombie.lines.at(-1)).toMatchObject({ code: 'TASK_E0001', data: { error: 'EPOCH', kind: 'terminal', facts: { claimedBy: 'zombie-a2' } } });
    await expectOnce(total);
  });

  withServer('paused in the publishing transaction lose it to the later attempt that waits for the lock', async () => {
    await commit();
    total += 1_000;
    expect(await stage.claim('ghost-a1')).toBe(0);
    expect(await stage.step(stage.pointer('stage', 'ghost-a1', 0))).toBe(0);
    // Holds the ghost up inside its transaction, so that it can be met there.
    await stage.client.query(`BEGIN; LOCK TABLE "${stage.settings.targetSchema}".people IN ACCESS EXCLUSIVE MODE`);
    const ghost = run(stage.pointer('publish', 'ghost-a1', 0));
    await ghost.says('LOAD_I1201');
    ghost.signal('SIGSTOP');
    await stage.client.query('COMMIT');
    await stage.load({}, 'ghost-a2');
    await expectOnce(total);
    ghost.signal('SIGCONT');
    expect(await ghost.ended).toBe(0);
    expect(await stage.document('ghost-a1', 'outcome')).toMatchObject({ datasets: { people: { outcome: 'already-committed' } } });
    await expectOnce(total);
  });
});
