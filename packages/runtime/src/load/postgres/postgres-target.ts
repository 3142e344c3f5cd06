import type { Client } from 'pg';
import { postgresType } from '../../contract/engine-types';
import { quoteName } from '../../contract/quote-identifier';
import { openPart } from '../copy/part-file';
import type { TargetDatabase, TargetSession } from '../target/target-database';
import { transaction, withSession } from './connect';
import { BINARY_FORMAT } from './copy/binary-format';
import { copyPart } from './copy/copy-part';
import { clearStaging, countTagged, readExceptions } from './dms-staging';
import { ensureLedger } from './ledger/ensure-ledger';
import { claimEpoch, requireEpoch } from './ledger/epoch';
import { releaseLease, renewLease, takeLease } from './ledger/lease';
import { readLedger } from './ledger/ledger-rows';
import { forgetStagedParts, noteStagedPart, readStagedParts } from './ledger/staged-parts';
import { isConnectionLoss, postgresFailure } from './postgres-failure';
import { preflight, requireWriter } from './preflight';
import { publishCommit } from './publish-commit';
import { runStatement } from './run-statement';
import { dropStaging, ensureStaging, exists, leftoverStaging } from './staging-table';
import { ensureTarget } from './target-table';
import { ensureGuard, readGuard } from './write/guard';

/** PostgreSQL: everything that belongs together is one transaction, tables among it. */
export const postgresTarget: TargetDatabase = {
  typeOf: postgresType,
  withSession: (access, purpose, use) => withSession(access, purpose, (client) => use(sessionOf(client))),
  openPart: (file, part, columns) => openPart(file, part, columns, BINARY_FORMAT),
  failure: postgresFailure,
  statements: 'inside',
  isConnectionLoss,
};

function sessionOf(client: Client): TargetSession {
  return {
    transaction: (work) => transaction(client, work),
    exclusively: (_, work) => transaction(client, work),
    exists: (table) => exists(client, table),
    preflight: (call) => preflight(client, call),
    requireWriter: (address) => requireWriter(client, address),
    ensureLedger: (schema, manage, by) => ensureLedger(client, schema, manage, by),
    claimEpoch: (schema, target, by) => claimEpoch(client, schema, target, by),
    takeLease: (schema, target, by) => takeLease(client, schema, target, by),
    renewLease: (schema, by) => renewLease(client, schema, by),
    releaseLease: (schema, by, earlier) => releaseLease(client, schema, by, earlier),
    requireEpoch: (schema, target, epoch, lock) => requireEpoch(client, schema, target, epoch, lock),
    // Nothing is ever between two steps.
    settle: () => Promise.resolve(),
    readLedger: (schema, target, source, seq) => readLedger(client, schema, target, source, seq),
    ensureTarget: (target, dataset, writeMode, manage, by) => ensureTarget(client, target, dataset, writeMode, manage, by),
    readGuard: (guard) => readGuard(client, guard),
    ensureGuard: (guard, target, by, since) => ensureGuard(client, guard, target, by, since),
    ensureStaging: (staging, dataset, mark) => ensureStaging(client, staging, dataset, mark),
    leftoverStaging: (schema, of, keep) => leftoverStaging(client, schema, of, keep),
    dropStaging: (staging, loadId, waitSeconds) => dropStaging(client, staging, loadId, waitSeconds),
    countStaged: async ({ schema, table }) => {
      const { rows } = await client.query<{ count: string }>(`SELECT count(*) AS count FROM ${quoteName(schema, table)}`);
      return Number(rows[0]!.count);
    },
    copyPart: (staging, part, progress, signal) => copyPart(client, staging, part, progress, signal),
    readStagedParts: (schema, loadId, key) => readStagedParts(client, schema, loadId, key),
    noteStagedPart: (schema, loadId, epoch, part) => noteStagedPart(client, schema, loadId, epoch, part),
    forgetStagedParts: (schema, loadId) => forgetStagedParts(client, schema, loadId),
    dms: {
      clear: (schema, staging, loadId) => clearStaging(client, schema, staging, loadId),
      count: (staging, tag) => countTagged(client, staging, tag),
      exceptions: (schema, staging) => readExceptions(client, schema, staging),
    },
    runStatement: (sql, timeoutSeconds) => runStatement(client, sql, timeoutSeconds),
    publish: (publication) => publishCommit(client, publication),
  };
}
