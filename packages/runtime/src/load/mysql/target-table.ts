import type { Column, Dataset } from '../../contract/contract';
import { mysqlColumnDdl, mysqlColumnType, mysqlTargetDdl, quoteMysqlName, quoteMysqlText, textLength, type MysqlFlavour } from '../../contract/mysql-ddl';
import { mysqlProblems } from '../../contract/mysql-limits';
import { userError } from '../../errors/pipeline-error';
import type { DdlAuthor } from '../ledger/ddl-author';
import type { WriteMode } from '../settings';
import type { TableName } from '../table-name';
import { because, ensureTable, hasKey, type Widening } from '../target/ensure-table';
import { isWider } from '../target/wider-type';
import type { MysqlClient } from './connect';
import { ensureDatabase } from './ledger/ensure-ledger';
import { runDdl, settleDdl } from './ledger/run-ddl';
import { swapProblems } from './write/swap-problems';

interface TargetColumn {
  readonly name: string;
  readonly type: string;
  readonly notNull: boolean;
  /** It fills itself: a default, or the next number. */
  readonly filled: boolean;
  /** How, as MODIFY to a type repeats it: DEFAULT, ON UPDATE, AUTO_INCREMENT. */
  readonly filling: (type: string) => readonly string[];
  readonly generated: boolean;
  readonly characterSet: string | null;
  readonly collation: string | null;
  readonly comment: string;
  /** SELECT * leaves it out. */
  readonly invisible: boolean;
  /** The condition that belongs to the column itself; MySQL, other than MariaDB, keeps all of them with the table. */
  readonly check: string | null;
}

/**
 * Makes the target table where it is missing, adds columns and widens types where the schema policy lets it grow,
 * and checks the rest against the contract. Throws one `TARGET_SCHEMA` that lists every difference with the statement that cures it.
 */
export async function ensureTarget(
  client: MysqlClient, target: TableName, dataset: Dataset, writeMode: WriteMode, manage: boolean, by: DdlAuthor,
): Promise<'made' | 'there'> {
  const unheld = mysqlProblems(dataset);
  if (unheld.length > 0) throw userError('CONTRACT', unheld.join('; '), { dataset: dataset.name, problems: unheld });
  const done = await ensureTable(target, dataset, manage, {
    columns: () => columnsOf(client, target),
    ddl: mysqlTargetDdl(dataset, target, client.flavour),
    addColumn: (column) => addColumn(target, column, dataset),
    run: async (statements, makes) => {
      if (makes === 'schema') await ensureDatabase(client, target.schema, (statement) => runDdl(client, { schema: target.schema, table: '' }, statement, by));
      for (const statement of statements) await runDdl(client, target, statement, by);
    },
    widenings: (columns) => widenings(target, columns, dataset),
    widen: async ({ statement }) => {
      try {
        await runDdl(client, target, statement, by);
        return undefined;
      } catch (error) {
        const why = HOLDS[(error as { errno?: number }).errno ?? 0];
        if (why === undefined) throw error;
        return why;
      }
    },
    problems: async (columns, held) => [
      ...columnProblems(target, columns, dataset, held),
      ...await tableProblems(client, target),
      ...(writeMode.mode === 'merge' ? await keyProblems(client, target, dataset) : []),
      ...(writeMode.mode === 'replace' ? await swapProblems(client, target) : []),
    ],
  });
  // The database of the target may have been made too.
  for (const table of ['', target.table]) await settleDdl(client, { schema: target.schema, table }, by);
  return done;
}

const COPIES = 'the server writes the whole table anew for it, or keeps writers off meanwhile: run the statement at a quiet time';
const FOREIGN_KEY = 'a foreign key holds it: drop the key, run the statement on both tables, and make the key again';

/** What keeps the server from altering a column while others read and write, by error number. */
const HOLDS: Readonly<Record<number, string>> = { 1845: COPIES, 1846: COPIES, 1832: FOREIGN_KEY, 1833: FOREIGN_KEY, 3780: FOREIGN_KEY };

/** The server itself knows what it can do while others read and write; a column that fills itself is left alone. */
function widenings(target: TableName, columns: readonly TargetColumn[], dataset: Dataset): Widening[] {
  return dataset.columns.flatMap((column) => {
    const there = columns.find(({ name }) => name === column.name);
    if (there === undefined || there.filled || there.generated) return [];
    if (fits(there.type, column, dataset) || !isWider(there.type, mysqlColumnType(column, dataset))) return [];
    const table = quoteMysqlName(target.schema, target.table);
    const definition = `${mysqlColumnDdl(column, dataset)}${charset(there)}${attributes(there, there.notNull)}`;
    return [{ column: column.name, statement: `ALTER TABLE ${table} MODIFY COLUMN ${definition}, ALGORITHM=INPLACE, LOCK=NONE` }];
  });
}

function charset({ characterSet, collation }: TargetColumn): string {
  return characterSet === null || collation === null ? '' : ` CHARACTER SET ${characterSet} COLLATE ${collation}`;
}

/** What MODIFY does not repeat is lost. */
function attributes({ type: own, filling, invisible, comment, check }: TargetColumn, notNull: boolean, type = own): string {
  const kept = [
    notNull ? 'NOT NULL' : 'NULL', ...filling(type), ...(invisible ? ['INVISIBLE'] : []), ...(comment === '' ? [] : [`COMMENT ${quoteMysqlText(comment)}`]), ...(check === null ? [] : [`CHECK (${check})`]),
  ];
  return ` ${kept.join(' ')}`;
}

function columnProblems(target: TableName, columns: readonly TargetColumn[], dataset: Dataset, held: ReadonlyMap<string, string>): string[] {
  const modify = `ALTER TABLE ${quoteMysqlName(target.schema, target.table)} MODIFY COLUMN`;
  return columns.flatMap((there) => {
    const column = dataset.columns.find((candidate) => candidate.name === there.name);
    if (column === undefined) {
      return there.notNull && !there.filled ? [`its column ${there.name} is NOT NULL without a default and not in the contract: ${modify} ${own(there)}${attributes(there, false)}`] : [];
    }
    const isFit = fits(there.type, column, dataset);
    const isNarrow = there.characterSet !== null && !['utf8mb4', 'ascii'].includes(there.characterSet);
    // One statement for all that is wrong with a column: of two, the second would take back what the first did.
    const wanted = isFit && !isNarrow
      ? `${modify} ${own(there)}${attributes(there, column.required)}`
      : `${modify} ${mysqlColumnDdl(column, dataset)}${isNarrow && column.type.kind === 'string' ? ' CHARACTER SET utf8mb4' : ''}${attributes(there, column.required, mysqlColumnType(column, dataset))}`;
    const problems: string[] = [];
    if (!isFit) problems.push(`its column ${there.name} is ${there.type}, the contract says ${mysqlColumnType(column, dataset)}: ${wanted}${because(held, there.name)}`);
    else if (isNarrow) problems.push(`its column ${there.name} is of ${there.characterSet}, which does not hold every character: ${wanted}`);
    if (there.generated) problems.push(`its column ${there.name} is generated and cannot be loaded: ${wanted}`);
    if (there.notNull && !column.required) problems.push(`its column ${there.name} is NOT NULL, the contract allows NULL: ${wanted}`);
    return problems;
  });
}

/** The column as it is, without its attributes. */
function own(there: TargetColumn): string {
  return `${quoteMysqlName(there.name)} ${there.type}${charset(there)}`;
}

/** Texts may have another length or form, as long as all of the contract's fit. */
function fits(there: string, column: Column, dataset: Dataset): boolean {
  const wanted = mysqlColumnType(column, dataset);
  if (canonical(there) === canonical(wanted)) return true;
  if (column.type.kind !== 'string') return false;
  const length = textLength(column);
  const [, characters] = /^varchar\((\d+)\)$/.exec(there) ?? [];
  if (characters !== undefined) return length !== undefined && Number(characters) >= length;
  const bytes = { text: 65_535, mediumtext: 16_777_215, longtext: 4_294_967_295 }[there];
  return bytes !== undefined && (there === 'longtext' || (length !== undefined && bytes >= length * 4));
}

/** Only InnoDB takes rows back. */
async function tableProblems(client: MysqlClient, target: TableName): Promise<string[]> {
  const [row] = await client.rows('SELECT ENGINE FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?', [target.schema, target.table]);
  const engine = row?.[0];
  return engine === 'InnoDB' ? [] : [`it is ${engine ?? 'no table'} and not InnoDB, which alone keeps transactions: ALTER TABLE ${quoteMysqlName(target.schema, target.table)} ENGINE=InnoDB`];
}

/** Merging by a key that is not unique in the target would update several rows for one. */
async function keyProblems(client: MysqlClient, target: TableName, dataset: Dataset): Promise<string[]> {
  const rows = await client.rows(
    'SELECT INDEX_NAME, COLUMN_NAME, SUB_PART FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? AND NON_UNIQUE = 0', [target.schema, target.table],
  );
  const indexes = new Map<string, string[]>();
  // A prefix, or an expression in place of a column, is no whole column.
  for (const [index, column, part] of rows) indexes.set(index as string, [...(indexes.get(index as string) ?? []), part === null && column !== null ? column as string : '']);
  if (hasKey([...indexes.values()], dataset)) return [];
  const columns = dataset.primaryKey.map((name) => quoteMysqlName(name)).join(', ');
  return [`it has no unique index on the contract's key (${dataset.primaryKey.join(', ')}): ALTER TABLE ${quoteMysqlName(target.schema, target.table)} ADD PRIMARY KEY (${columns})`];
}

async function columnsOf(client: MysqlClient, { schema, table }: TableName): Promise<TargetColumn[]> {
  const rows = await client.rows(
    'SELECT COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE, COLUMN_DEFAULT, EXTRA, CHARACTER_SET_NAME, COLLATION_NAME, COLUMN_COMMENT FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION',
    [schema, table],
  );
  const checks = client.flavour === 'mariadb' ? await checksOf(client, { schema, table }) : undefined;
  return rows.map(([name, type, nullable, byDefault, extra, characterSet, collation, comment]) => ({
    // MariaDB shows no default as NULL, and one that is a text in quotes. MySQL calls a default that is an expression DEFAULT_GENERATED.
    name: name as string, type: type as string, notNull: nullable === 'NO', filled: (byDefault !== null && !(client.flavour === 'mariadb' && byDefault === 'NULL')) || /auto_increment|default_generated|generated/i.test(extra ?? ''),
    filling: fillingOf(client.flavour, byDefault === undefined ? null : byDefault, extra ?? ''), generated: /(virtual|stored|persistent)/i.test(extra ?? ''), characterSet: characterSet as string | null,
    collation: collation as string | null, comment: comment ?? '', invisible: /invisible/i.test(extra ?? ''), check: checks?.get(name as string) ?? null,
  }));
}

function fillingOf(flavour: MysqlFlavour, byDefault: string | null, extra: string): TargetColumn['filling'] {
  const hasDefault = byDefault !== null && !(flavour === 'mariadb' && byDefault === 'NULL');
  const [onUpdate] = /on update \S+/i.exec(extra) ?? [];
  const others = [...(onUpdate === undefined ? [] : [onUpdate]), ...(/auto_increment/i.test(extra) ? ['AUTO_INCREMENT'] : [])];
  if (!hasDefault) return () => others;
  return (type) => [`DEFAULT ${flavour === 'mariadb' ? byDefault : mysqlDefault(byDefault, type, /default_generated/i.test(extra))}`, ...others];
}

/**
 * MariaDB shows a default as SQL; MySQL as a value, and an expression that holds a text as if all of it were one: with a backslash before each
 * quote and backslash. An expression stands in brackets there, and so does any default of a long text.
 */
function mysqlDefault(shown: string, type: string, isExpression: boolean): string {
  if (isExpression && /^current_timestamp(\(\d*\))?$/i.test(shown)) return shown;
  if (isExpression) return `(${/^[^']*\\'/.test(shown) ? shown.replace(/\\(.)/gs, '$1') : shown})`;
  const value = /^(?:b'[01]*'|0x[0-9a-f]*)$/i.test(shown) ? shown : quoteMysqlText(shown);
  return /text|blob|json|geometry/i.test(type) ? `(${value})` : value;
}

/** Conditions of single columns, by column, as MariaDB has them. */
async function checksOf(client: MysqlClient, { schema, table }: TableName): Promise<ReadonlyMap<string, string>> {
  const rows = await client.rows(
    "SELECT CONSTRAINT_NAME, CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = ? AND TABLE_NAME = ? AND LEVEL = 'Column'", [schema, table],
  );
  return new Map(rows as [string, string][]);
}

function addColumn(target: TableName, column: Column, dataset: Dataset): string {
  return `ALTER TABLE ${quoteMysqlName(target.schema, target.table)} ADD COLUMN ${mysqlColumnDdl(column, dataset)}${column.required ? ' NOT NULL' : ' NULL'}`;
}

/** One spelling for what servers show differently: widths of whole numbers mean nothing. */
function canonical(type: string): string {
  return type.toLowerCase().replace(/^boolean$/, 'tinyint').replace(/^((?:tiny|small|medium|big)?int)\(\d+\)/, '$1');
}
