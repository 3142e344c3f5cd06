import { mysqlType } from '../../contract/engine-types';
import { openPart } from '../copy/part-file';
import type { TargetDatabase, TargetSession } from '../target/target-database';
import { withSession, type MysqlClient } from './connect';
import { copyPart } from './copy/copy-part';
import { TEXT_FORMAT } from './copy/text-format';
import { clearStaging, countTagged, readExceptions, sumRows } from './dms-staging';
import { exclusively } from './exclusively';
import { ensureLedger } from './ledger/ensure-ledger';
import { claimEpoch, requireEpoch } from './ledger/epoch';
import { releaseLease, renewLease, takeLease } from './ledger/lease';
import { readLedger } from './ledger/ledger-rows';
import { forgetStagedParts, noteStagedPart, readStagedParts } from './ledger/staged-parts';
import { isConnectionLoss, mysqlFailure } from './mysql-failure';
import { preflight, requireWriter } from './preflight';
import { publishCommit } from './publish-commit';
import { runStatement } from './run-statement';
import { dropStaging, ensureStaging, exists, leftoverStaging } from './staging-table';
import { ensureTarget } from './target-table';
import { ensureGuard, readGuard } from './write/guard';
import { countRows, replacedTables, settleSwaps } from './write/settle-swap';

/** MySQL and MariaDB: rows have transactions, and every statement about a table commits. */
export const mysqlTarget: TargetDatabase = {
  typeOf: mysqlType,
  withSession: (access, purpose, use) => withSession(access, purpose, (client) => use(sessionOf(client))),
  openPart: (file, part, columns) => openPart(file, part, columns, TEXT_FORMAT),
  failure: mysqlFailure,
  statements: 'outside',
  isConnectionLoss,
};

function sessionOf(client: MysqlClient): TargetSession {
  return {
    transaction: (work) => client.transaction(work),
    exclusively: (schema, work) => exclusively(client, schema, work),
    exists: (table) => exists(client, table),
    preflight: (call) => preflight(client, call),
    requireWriter: (address) => requireWriter(client, address),
    ensureLedger: (schema, manage, by) => ensureLedger(client, schema, manage, by),
    claimEpoch: (schema, target, by) => claimEpoch(client, schema, target, by),
    takeLease: (schema, target, by) => takeLease(client, schema, target, by),
    renewLease: (schema, by) => renewLease(client, schema, by),
    releaseLease: (schema, by, earlier) => releaseLease(client, schema, by, earlier),
    requireEpoch: (schema, target, epoch, lock) => requireEpoch(client, schema, target, epoch, lock),
    settle: (schema, target, epoch) => settleSwaps(client, schema, target, epoch),
    readLedger: (schema, target, source, seq) => readLedger(client, schema, target, source, seq),
    ensureTarget: (target, dataset, writeMode, manage, by) => ensureTarget(client, target, dataset, writeMode, manage, by),
    readGuard: (guard) => readGuard(client, guard),
    ensureGuard: (guard, target, by, since) => ensureGuard(client, guard, target, by, since),
    ensureStaging: (staging, dataset, mark) => ensureStaging(client, staging, dataset, mark),
    leftoverStaging: async (schema, of, keep) => [
      ...await leftoverStaging(client, schema, of, keep), ...await replacedTables(client, schema, of.target),
    ],
    dropStaging: (staging, loadId, waitSeconds) => dropStaging(client, staging, loadId, waitSeconds),
    countStaged: (staging) => countRows(client, staging),
    copyPart: (staging, part, progress, signal) => copyPart(client, staging, part, progress, signal),
    readStagedParts: (schema, loadId, key) => readStagedParts(client, schema, loadId, key),
    noteStagedPart: (schema, loadId, epoch, part) => noteStagedPart(client, schema, loadId, epoch, part),
    forgetStagedParts: (schema, loadId) => forgetStagedParts(client, schema, loadId),
    dms: {
      clear: (schema, staging, loadId) => clearStaging(client, schema, staging, loadId),
      count: (staging, tag) => countTagged(client, staging, tag),
      rowSum: (staging, columns) => sumRows(client, staging, columns),
      exceptions: (schema, staging) => readExceptions(client, schema, staging),
    },
    runStatement: (sql, timeoutSeconds) => runStatement(client, sql, timeoutSeconds),
    publish: (publication) => publishCommit(client, publication),
  };
}
