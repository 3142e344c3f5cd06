import { Client } from 'pg';
import { ensureLedger } from '../../../../src/load/postgres/ledger/ensure-ledger';
import { claimEpoch, requireEpoch } from '../../../../src/load/postgres/ledger/epoch';
import { grantScript } from '../../../../src/load/postgres/ledger/ledger-ddl';
import { NO_COUNTS, type LedgerRow } from '../../../../src/load/ledger/ledger-row';
import { readLedger, writeLedger } from '../../../../src/load/postgres/ledger/ledger-rows';
import { noteStagedPart, readStagedParts } from '../../../../src/load/postgres/ledger/staged-parts';
import { transaction } from '../../../../src/load/postgres/connect';
import { startTestPostgres, type TestPostgres } from '../../../_fixtures/postgres';

/** Quotes, spaces and a semicolon: names are names. */
const SCHEMA = 'led"ger; --';
const TARGET = { schema: 'we "ird', table: "ta'ble" };
const SOURCE = { pipeline: 'demo', dataset: 'trips' };

const BY = { ledgerSchema: SCHEMA, pipeline: 'demo', attemptId: 's1-a1', contractVersion: '1', contractSha256: 'x', codeVersion: 'v' };

const row = (seq: number, rest: Partial<LedgerRow> = {}): LedgerRow => ({
  ...NO_COUNTS, seq, ingestSeq: seq, outcome: 'loaded', loadId: 'l', epoch: 1n, attemptId: 'a', manifestKey: 'k', contractVersion: '1', codeVersion: 'v', writeMode: 'append', ...rest,
});

describe('the ledger', () => {
  let server: TestPostgres | undefined;
  let client: Client;
  let other: Client;

  beforeAll(async () => {
    server = await startTestPostgres();
    if (server === undefined) return;
    [client, other] = [new Client({ connectionString: server.url }), new Client({ connectionString: server.url })];
    await Promise.all([client.connect(), other.connect()]);
  });

  afterAll(async () => {
    await Promise.all([client?.end(), other?.end()]);
    await server?.stop();
  });

  const withServer = (title: string, body: () => Promise<void>): void => test(title, async () => {
    if (server !== undefined) await body();
  });

  withServer('is made once, also by two loads at the same time', async () => {
    await Promise.all([client, other].map((one) => transaction(one, () => ensureLedger(one, SCHEMA, true, BY))));
    await transaction(client, () => ensureLedger(client, SCHEMA, false, BY));
  });

  withServer('is refused where tables of its names are somebody else\'s', async () => {
    await client.query('CREATE SCHEMA foreigner; CREATE TABLE foreigner.load_part (id int)');
    await expect(transaction(client, () => ensureLedger(client, 'foreigner', true, { ...BY, ledgerSchema: 'foreigner' }))).rejects.toMatchObject({ code: 'LEDGER_FOREIGN', message: expect.stringContaining('load_part.load_id') });
  });

  withServer('counts epochs up for each new attempt, and fences the older', async () => {
    const claim = (attemptId: string): Promise<bigint> => claimEpoch(client, SCHEMA, TARGET, { pipeline: 'demo', attemptId });
    expect(await claim('s1-a1')).toBe(1n);
    expect(await claim('s1-a1')).toBe(1n);
    expect(await claim('s1-a2')).toBe(2n);
    await requireEpoch(client, SCHEMA, TARGET, 2n, 'update');
    await expect(requireEpoch(client, SCHEMA, TARGET, 1n, 'share')).rejects.toMatchObject({ code: 'EPOCH', kind: 'terminal', facts: { epoch: '1', currentEpoch: '2', claimedBy: 's1-a2' } });
    await expect(requireEpoch(client, SCHEMA, { ...TARGET, table: 'none' }, 1n, 'none')).rejects.toThrow('has none any more');
  });

  withServer('gives two attempts that claim at once two epochs', async () => {
    const target = { schema: 's', table: 'contended' };
    const epochs = await Promise.all([client, other].map((one, index) => transaction(one, () => claimEpoch(one, SCHEMA, target, { pipeline: 'demo', attemptId: `s${index}-a1` }))));
    expect(epochs.sort()).toEqual([1n, 2n]);
  });

  withServer('takes a part once', async () => {
    const part = { key: 'k', sha256: 'x', records: 3 };
    expect(await noteStagedPart(client, SCHEMA, 'load', 1n, part)).toBe(true);
    expect(await noteStagedPart(other, SCHEMA, 'load', 2n, part)).toBe(false);
    expect(await readStagedParts(client, SCHEMA, 'load')).toEqual([part]);
    expect(await readStagedParts(client, SCHEMA, 'load', 'another')).toEqual([]);
  });

  withServer('takes a commit once, and only with counts that balance', async () => {
    await writeLedger(client, SCHEMA, TARGET, SOURCE, row(1, { staged: 3, inserted: 1, updated: 1, stale: 1 }));
    await expect(writeLedger(client, SCHEMA, TARGET, SOURCE, row(1))).rejects.toMatchObject({ code: '23505' });
    await expect(writeLedger(client, SCHEMA, TARGET, SOURCE, row(2, { staged: 3, inserted: 2 }))).rejects.toMatchObject({ code: '23514' });
    expect(await readLedger(client, SCHEMA, TARGET, SOURCE)).toEqual([row(1, { staged: 3, inserted: 1, updated: 1, stale: 1 })]);
    expect(await readLedger(client, SCHEMA, TARGET, { ...SOURCE, pipeline: 'another' })).toEqual([]);
  });

  test('has a script for a DBA', () => {
    expect(grantScript({ ledgerSchema: 'headrace', targetSchema: 'app', tables: ['trips'], role: 'loader' })).toMatchSnapshot();
  });
});
