import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Client } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { quoteIdentifier, quoteName } from '../../../contract/quote-identifier';
import type { Progress } from '../../../report/progress';
import type { PartFile } from '../../copy/part-file';
import type { TableName } from '../../table-name';
import { COPY_HEADER, COPY_TRAILER } from './encode-slice';

/**
 * Sends the rows of a part through COPY. Needs an open transaction.
 *
 * @returns the number of rows that the server took
 */
export async function copyPart(client: Client, staging: TableName, part: PartFile, progress: Progress, signal: AbortSignal): Promise<number> {
  const columns = part.columns.map(({ name }) => quoteIdentifier(name)).join(', ');
  const sink = client.query(copyFrom(`COPY ${quoteName(staging.schema, staging.table)} (${columns}) FROM STDIN (FORMAT binary)`));
  // One message at most waits between the encoder and the socket.
  await pipeline(Readable.from(stream(part, progress), { highWaterMark: 1 }), sink, { signal });
  return sink.rowCount;
}

async function* stream(part: PartFile, progress: Progress): AsyncGenerator<Buffer, void, undefined> {
  yield COPY_HEADER;
  for await (const { bytes, rows } of part.encoded()) {
    yield bytes;
    progress.add(bytes.length, rows);
  }
  yield COPY_TRAILER;
}
