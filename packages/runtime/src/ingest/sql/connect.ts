import { setTimeout as delay } from 'node:timers/promises';
import { PipelineError } from '../../errors/pipeline-error';
import type { SourceDeps } from '../source/source-kind';
import { readEndpoint } from './endpoint';
import type { SourceFailureCode } from './source-failure';
import type { SqlColumn } from './source-columns';
import type { SqlConnection, SqlEngine } from './sql-engine';
import type { SqlSourceSettings } from './sql-settings';

const REFUSED: SourceFailureCode = 'SOURCE_CREDENTIALS';
/** A rotation writes the database first and the secret a moment later. */
const ROTATION_MS = 2_000;

/** Opens a session with the secret as it is now; a password that was changed between the two is read once more. */
export async function connectSql<C extends SqlColumn>(engine: SqlEngine<C>, source: SqlSourceSettings, deps: SourceDeps): Promise<SqlConnection<C>> {
  const { report, secret, signal } = deps;
  const endpoint = async () => {
    const read = await readEndpoint(source, engine.defaultPort, secret, signal);
    report.protect(read.password);
    return read;
  };
  const first = await endpoint();
  try {
    signal.throwIfAborted();
    return await engine.connect(first, source);
  } catch (error) {
    if (!PipelineError.is(error) || error.code !== REFUSED) throw error;
    await delay(ROTATION_MS, undefined, { signal });
    const second = await endpoint();
    if (second.password === first.password && second.username === first.username) throw error;
    return engine.connect(second, source);
  }
}
