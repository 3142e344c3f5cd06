import { startTestPostgres, type TestPostgres } from '../_fixtures/postgres';
import { bothTargets, ledgerOf, type AnyStage } from './_fixtures/both-targets';
import { Containers, type Container } from './_fixtures/container';
import { contractText, LoadStage } from './_fixtures/load-stage';
import { PowerLine } from './_fixtures/power-line';

const CONTRACT = contractText({ people: { history: 'append', properties: [
  '{ name: id, logicalType: integer, logicalTypeOptions: { format: i64 } }', '{ name: note, logicalType: string }',
] } });
/** Takes long enough to be met in the middle. */
const ROWS = 250_000;

const notes = (rows: number): string => `SELECT CAST(i AS BIGINT) AS id, 'note ' || i || '.' AS note FROM range(${rows}) AS r(i)`;

let containers: Containers | undefined;
const running: Container[] = [];

/** For the tasks of a stage: bundled once. */
async function prepareFor(stage: Pick<AnyStage, 's3'>, secret: object): Promise<void> {
  containers ??= await Containers.start(stage.s3.url, secret);
  containers.use(stage.s3.url, secret);
}

function start(stage: Pick<AnyStage, 's3' | 'settings'>, pointer: object): Container {
  const container = containers!.run(pointer, stage.settings);
  running.push(container);
  return container;
}

afterEach(async () => {
  for (const container of running.splice(0)) {
    container.signal('SIGKILL');
    await container.ended;
  }
});
afterAll(() => containers?.close());

describe('the containers of a load', () => {
  let server: TestPostgres | undefined;
  let stage!: LoadStage;

  beforeAll(async () => {
    server = await startTestPostgres();
    if (server === undefined) return;
    stage = await LoadStage.start(server, CONTRACT, { lockTimeoutSeconds: 8 });
    // This server takes any.
    await prepareFor(stage, { ...stage.credentials, password: 'canary-4711' });
  }, 120_000);

  afterAll(async () => {
    await stage?.close();
    await server?.stop();
  });

  const run = (pointer: object): Container => start(stage, pointer);

  let seq = 0;
  async function commit(rows = 1_000): Promise<void> {
    seq += 1;
    await stage.commit('people', [notes(rows)]);
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
});

/** In the message that writes a commit's row of the ledger, just before the end of its transaction. */
const LEDGER_ROW: Record<string, string> = { PostgreSQL: 'load_ledger" (table_schema', MariaDB: 'load_ledger` (table_schema' };

describe.each(bothTargets())('a container of a load into $name', (target) => {
  const withServer = target.test();
  let stage: AnyStage & { close(): Promise<void> };
  let line: PowerLine;
  beforeAll(() => target.begin(), 60_000);
  beforeEach(async () => {
    stage = await target.stage(CONTRACT);
    await prepareFor(stage, stage.credentials);
    line = await PowerLine.start(target.port(), stage.s3);
    await stage.commit('people', [notes(5_000)]);
  });
  afterEach(async () => {
    await line.close();
    await stage.close();
  });
  afterAll(() => target.end());

  /** Runs a step as a container that is paused when it sends `text`; gives the container, and what lets it go on. */
  async function pausedAt(text: string, pointer: object): Promise<{ readonly zombie: Container; readonly wake: () => void }> {
    const { port } = stage.settings.target;
    Object.assign(stage.settings, { lockTimeoutSeconds: 2, target: { ...stage.settings.target, port: line.port } });
    const arrived = line.holdAt(text);
    const zombie = start(stage, pointer);
    const send = await arrived;
    zombie.signal('SIGSTOP');
    Object.assign(stage.settings, { lockTimeoutSeconds: 30, target: { ...stage.settings.target, port } });
    return { zombie, wake: () => {
      send();
      zombie.signal('SIGCONT');
    } };
  }

  async function expectOnce(): Promise<void> {
    expect((await stage.say(`SELECT count(*), count(DISTINCT id) FROM ${stage.settings.targetSchema}.people`)).flat().map(Number)).toEqual([5_000, 5_000]);
    expect((await ledgerOf(stage, 'seq, staged, inserted')).flat().map(Number)).toEqual([1, 5_000, 5_000]);
  }

  withServer('that is paused in the middle of a copy is fenced when a load of another slot took over, and leaves nothing', async () => {
    await stage.claim('zombie-a1');
    const { zombie, wake } = await pausedAt('note 4000.', stage.pointer('stage', 'zombie-a1', 0));
    expect((await stage.load({}, 'early-a1')).datasets.people).toMatchObject({ outcome: 'busy' });
    // Ten minutes without a word.
    await stage.say(`UPDATE ${stage.settings.ledgerSchema}.load_lease SET expires_at = since`);
    stage.settings.lockTimeoutSeconds = 1;
    expect((await stage.load({}, 'later-a1')).datasets.people).toMatchObject({ outcome: 'committed' });
    await expectOnce();
    wake();
    expect(await zombie.ended).toBe(1);
    expect(zombie.lines.at(-1)).toMatchObject({ code: 'TASK_E0001', data: { error: 'EPOCH', kind: 'terminal', facts: { claimedBy: 'later-a1' } } });
    await expectOnce();
    // Its table could not be dropped while it held it.
    await stage.load({}, 'last-a1');
    expect((await stage.say(`SELECT table_name FROM information_schema.tables WHERE table_schema = '${stage.settings.ledgerSchema}' AND table_name LIKE 'stage%'`))).toEqual([]);
  }, 60_000);

  withServer('that is paused in the publishing transaction loses it to the later attempt that waits for the lock', async () => {
    await stage.claim('ghost-a1');
    expect(await stage.step(stage.pointer('stage', 'ghost-a1', 0))).toBe(0);
    const { zombie, wake } = await pausedAt(LEDGER_ROW[target.name]!, stage.pointer('publish', 'ghost-a1', 0));
    await stage.load({}, 'ghost-a2');
    await expectOnce();
    wake();
    expect(await zombie.ended).toBe(0);
    expect(await stage.document('ghost-a1', 'outcome')).toMatchObject({ datasets: { people: { outcome: 'already-committed' } } });
    await expectOnce();
  }, 60_000);
});
