import { startTestPostgres, type TestPostgres } from '../_fixtures/postgres';
import { contractText, LoadStage, PEOPLE } from './_fixtures/load-stage';
import { PowerLine } from './_fixtures/power-line';

const CONTRACT = contractText({ people: { ...PEOPLE, history: 'append', properties: [
  '{ name: id, logicalType: integer, logicalTypeOptions: { format: i64 } }', '{ name: batch, logicalType: integer, logicalTypeOptions: { format: i32 } }',
] } });

function batch(seq: number, part: number, rows = 10): string {
  return `SELECT CAST(${seq * 100 + part * 10} + i AS BIGINT) AS id, CAST(${seq} AS INTEGER) AS batch FROM range(${rows}) AS r(i)`;
}

describe('a load that dies', () => {
  let server: TestPostgres | undefined;
  let stage: LoadStage;
  let line: PowerLine;

  beforeAll(async () => { server = await startTestPostgres(); });
  afterAll(async () => server?.stop());

  beforeEach(async () => {
    if (server === undefined) return;
    stage = await LoadStage.start(server, CONTRACT, {});
    line = await PowerLine.start(Number(new URL(server.url).port), stage.s3);
    stage.settings.target.port = line.port;
  });

  afterEach(async () => {
    await line?.close();
    await stage?.close();
  });

  /** The table has no key, so nothing but the protocol keeps a row from coming twice. */
  async function expectExactlyOnce(commits: number): Promise<void> {
    const { rows } = await stage.client.query(`SELECT batch, count(*)::int AS rows, count(DISTINCT id)::int AS ids FROM "${stage.settings.targetSchema}".people GROUP BY 1 ORDER BY 1`);
    expect(rows).toEqual(Array.from({ length: commits }, (_, index) => ({ batch: index + 1, rows: 20, ids: 20 })));
    const ledger = await stage.ledger('seq::int, outcome, staged::int, inserted::int');
    expect(ledger).toEqual(Array.from({ length: commits }, (_, index) => [index + 1, 'loaded', 20, 20]));
    expect(await stage.stagingTables()).toEqual([]);
  }

  test.each(['before', 'after'] as const)('at any message, %s it is delivered, loads every row exactly once when it is started again', async (mode) => {
    if (server === undefined) return;
    // Every message is tried by `npm run soak -- --only kill-messages`. The stride is prime, so that it does not fall into step with those of a part.
    const step = 17;
    let commits = 0;
    for (let last = mode === 'before' ? 1 : 2; ; last += step) {
      commits += 1;
      line.arm(0, mode);
      await stage.commit('people', [batch(commits, 0), batch(commits, 1)]);
      line.arm(last, mode);
      await stage.load({}, `cut_${mode}_${last}-a1`).catch(() => undefined);
      const ended = !line.dead;
      line.arm(0, mode);
      await stage.load({}, `cut_${mode}_${last}-a2`);
      await expectExactlyOnce(commits);
      if (ended) break;
    }
    // The loop ended because a load needed fewer messages, not because it never began.
    expect(commits).toBeGreaterThan(4);
  }, 7_200_000);
});
