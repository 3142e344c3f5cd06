import { createHash, randomBytes } from 'node:crypto';
import { quoteMysqlName, quoteMysqlText } from '../../../contract/mysql-ddl';
import type { TableName } from '../../table-name';
import type { MysqlClient } from '../connect';
import { tablesLike } from '../staging-table';

/** The tables of one replacement. No other try has ever had their names, so that none can rename them by mistake. */
export interface SwapTables {
  readonly epoch: bigint;
  readonly id: string;
  /** What is built, and takes the target's name. */
  readonly built: TableName;
  /** What the target becomes. */
  readonly old: TableName;
}

/** What a table says about itself once a replacement made it: behind its own comment, whatever that is. */
const MARK = /(?: ?)\[headrace load ([0-9a-f]+) swap ([0-9a-f]+)\]$/;
/** MySQL's limit for the comment of a table, in characters. */
const COMMENT_CHARACTERS = 2_048;
const ID_BYTES = 6;

export function newSwap(ledgerSchema: string, target: TableName, epoch: bigint): SwapTables {
  return swapOf(ledgerSchema, target, epoch, randomBytes(ID_BYTES).toString('hex'));
}

/**
 * What replacements of the target left, of all epochs or of this and older ones: tables that were built, or that were
 * renamed away. Those of a newer epoch are not ours to touch.
 */
export async function leftSwaps(client: MysqlClient, kind: 'swap' | 'old', ledgerSchema: string, target: TableName, epoch?: bigint): Promise<SwapTables[]> {
  const prefix = prefixOf(kind, target);
  const tables = await tablesLike(client, ledgerSchema, prefix);
  return tables.flatMap(({ table }) => {
    const [, at, id] = /^(\d+)_([0-9a-f]+)$/.exec(table.slice(prefix.length)) ?? [];
    return at === undefined || id === undefined || (epoch !== undefined && BigInt(at) > epoch) ? [] : [swapOf(ledgerSchema, target, BigInt(at), id)];
  });
}

/** Writes the mark into the comment of a table that was made like the target, and keeps the rest of it. */
export async function markSwap(client: MysqlClient, { built, id }: SwapTables, loadId: string): Promise<void> {
  const mark = `[headrace load ${loadId} swap ${id}]`;
  const own = (await commentOf(client, built)).replace(MARK, '');
  const comment = own === '' ? mark : `${own.slice(0, COMMENT_CHARACTERS - mark.length - 1)} ${mark}`;
  await client.run(`ALTER TABLE ${quoteMysqlName(built.schema, built.table)} COMMENT = ${quoteMysqlText(comment)}`);
}

/** Which replacement made the table what it is, if one did. */
export async function readMark(client: MysqlClient, target: TableName): Promise<{ readonly loadId: string; readonly id: string } | undefined> {
  const [, loadId, id] = MARK.exec(await commentOf(client, target)) ?? [];
  return loadId === undefined || id === undefined ? undefined : { loadId, id };
}

async function commentOf(client: MysqlClient, { schema, table }: TableName): Promise<string> {
  const [row] = await client.rows('SELECT TABLE_COMMENT FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?', [schema, table]);
  return row?.[0] ?? '';
}

function swapOf(schema: string, target: TableName, epoch: bigint, id: string): SwapTables {
  const name = (kind: 'swap' | 'old'): TableName => ({ schema, table: `${prefixOf(kind, target)}${epoch}_${id}` });
  return { epoch, id, built: name('swap'), old: name('old') };
}

function prefixOf(kind: 'swap' | 'old', { schema, table }: TableName): string {
  return `${kind}_${createHash('sha256').update(JSON.stringify([schema, table])).digest('hex').slice(0, 12)}_`;
}
