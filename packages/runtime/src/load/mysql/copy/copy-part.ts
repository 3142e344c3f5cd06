import { Readable } from 'node:stream';
import { quoteMysqlName } from '../../../contract/mysql-ddl';
import { PipelineError } from '../../../errors/pipeline-error';
import type { Progress } from '../../../report/progress';
import type { PartFile } from '../../copy/part-file';
import type { TableName } from '../../table-name';
import type { MysqlClient } from '../connect';
import { withoutValues } from '../mysql-failure';
import { isHex, TEXT_OPTIONS } from './text-format';

/**
 * Sends the rows of a part through LOAD DATA LOCAL. Needs an open transaction.
 *
 * LOCAL makes errors of rows warnings, and goes on with what it made of them: a single one fails the part.
 *
 * @returns the number of rows that the server took
 */
export async function copyPart(client: MysqlClient, staging: TableName, part: PartFile, progress: Progress, signal: AbortSignal): Promise<number> {
  const hex = part.columns.filter(({ type }) => isHex(type)).map(({ name }) => name);
  const columns = part.columns.map(({ name }) => (hex.includes(name) ? `@${quoteMysqlName(name)}` : quoteMysqlName(name)));
  const set = hex.map((name) => `${quoteMysqlName(name)} = UNHEX(@${quoteMysqlName(name)})`);
  // The name means nothing: the server asks for it, and gets the stream.
  const sql = `LOAD DATA LOCAL INFILE 'part' INTO TABLE ${quoteMysqlName(staging.schema, staging.table)} ${TEXT_OPTIONS} (${columns.join(', ')})${set.length === 0 ? '' : ` SET ${set.join(', ')}`}`;
  // One message at most waits between the encoder and the socket.
  const file = Readable.from(stream(part, progress), { highWaterMark: 1, signal });
  // mysql2 listens only once the server asked; until then a failure would end the process.
  file.on('error', () => undefined);
  try {
    const { affectedRows, warnings } = await client.run(sql, [], file);
    signal.throwIfAborted();
    if (warnings > 0) throw await refused(client, warnings);
    return affectedRows;
  } finally {
    file.destroy();
  }
}

async function* stream(part: PartFile, progress: Progress): AsyncGenerator<Buffer, void, undefined> {
  for await (const { bytes, rows } of part.encoded()) {
    yield bytes;
    progress.add(bytes.length, rows);
  }
}

async function refused(client: MysqlClient, warnings: number): Promise<PipelineError> {
  const rows = await client.rows('SHOW WARNINGS LIMIT 3');
  const texts = rows.map(([, code, message]) => `${withoutValues(message ?? '')} (error ${code})`);
  return new PipelineError('TARGET_VALUE', `MySQL cannot hold ${warnings} values as they are, first: ${texts.join('; ')}; all rows of the part are rolled back`, { fault: 'user', facts: { warnings } });
}
