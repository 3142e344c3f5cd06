import { createHash } from 'node:crypto';
import { blobValue } from '@duckdb/node-api';
import type { Dataset } from '../../contract';
import { isHashed, MASK_KEYS } from '../../contract/mask';
import { userError } from '../../errors/pipeline-error';
import type { Report } from '../../report/report';
import type { ReadSecret } from '../../stores/read-secret';
import type { EngineSession } from '../engine/duckdb-engine';

/** Shorter ones can be found by trying. */
export const MIN_SALT_BYTES = 16;

const BLOCK_BYTES = 64;

/** The text of the secret that keys the hashes of a dataset; undefined where nothing of it is hashed. */
export async function readMaskSalt(
  dataset: Dataset, secretArn: string | undefined, readSecret: ReadSecret,
  { report, signal }: { readonly report: Report; readonly signal?: AbortSignal },
): Promise<string | undefined> {
  if (!isHashed(dataset)) return undefined;
  if (secretArn === undefined) throw userError('MASK_SALT', `dataset ${dataset.name} has hashed columns and the stage no secret to hash them with; give maskSalt to the stage and deploy it`, { dataset: dataset.name });
  const salt = await readSecret(secretArn, { code: 'MASK_SALT', signal });
  report.protect(salt);
  if (Buffer.byteLength(salt) < MIN_SALT_BYTES) {
    throw userError('MASK_SALT', `the secret ${secretArn} has ${Buffer.byteLength(salt)} bytes, and a mask salt at least ${MIN_SALT_BYTES}; make one by random, and keep it: hashes of another are others`, { secretArn });
  }
  return salt;
}

/** Lets a session hash with the salt. Bound as values, so that no statement, and no message about one, holds it. */
export async function useMaskSalt(session: EngineSession, salt: string): Promise<void> {
  const given = Buffer.from(salt);
  const key = given.length > BLOCK_BYTES ? createHash('sha256').update(given).digest() : given;
  for (const [name, pad] of [[MASK_KEYS.inner, 0x36], [MASK_KEYS.outer, 0x5c]] as const) {
    const block = Uint8Array.from({ length: BLOCK_BYTES }, (_, at) => (key[at] ?? 0) ^ pad);
    await session.connection.run(`SET VARIABLE ${name} = $block`, { block: blobValue(block) });
  }
}
