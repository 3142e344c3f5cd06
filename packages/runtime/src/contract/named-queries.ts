import { createHash } from 'node:crypto';
import type { Dataset } from './contract';
import { ATTEMPT_KEY } from './glue-tables';
import { standingSql } from './published-table';
import { quoteIdentifier, quoteLiteral, quoteName } from './quote-identifier';

export interface NamedQueryTables {
  /** Catalog database. */
  readonly database: string;
  readonly publishedTable: string;
  /** By dataset. */
  readonly rejectsTables: Readonly<Record<string, string>>;
}

/** A query that people find in the query editor, in the SQL that Trino and DuckDB share. */
export interface NamedQuery {
  /** Lower case letters, digits, _ and -; one of its kind in a catalog. */
  readonly id: string;
  readonly name: string;
  /** Whether only those may run it who may read the quarantine. */
  readonly ofQuarantine: boolean;
  readonly description: string;
  readonly sql: string;
}

/** Athena's limit. */
const MOST_CHARACTERS = 128;

/** The queries that operators ask of every pipeline. Their names begin with that of the database: an account has several pipelines. */
export function namedQueries(datasets: ReadonlyArray<Pick<Dataset, 'name'>>, tables: NamedQueryTables): NamedQuery[] {
  const published = quoteName(tables.database, tables.publishedTable);
  const label = (what: string): string => shortened(`${tables.database}: ${what}`);
  return [
    {
      id: 'rows-per-run', ofQuarantine: false, name: label('rows per run'),
      description: 'Every commit with its rows, the newest first, and whether another took its place',
      sql: `SELECT "dataset", "run_id", "kind", "state", "rows", "committed_at", "ingest_seq", "seq"\nFROM ${published}\nORDER BY "dataset", "seq" DESC`,
    },
    {
      id: 'freshness', ofQuarantine: false, name: label('freshness'),
      description: 'When the newest batch of each dataset was published, and how many minutes ago that is',
      sql: 'SELECT "dataset", max("committed_at") AS "newest", date_diff(\'minute\', CAST(substr(replace(max("committed_at"), \'T\', \' \'), 1, 19) AS TIMESTAMP),\n  '
        + `CAST(current_timestamp AT TIME ZONE 'UTC' AS TIMESTAMP)) AS "minutes"\nFROM ${published}\nWHERE "kind" = 'ingest'\nGROUP BY "dataset"\nORDER BY "dataset"`,
    },
    ...datasets.map(({ name }) => ({
      id: `rejects-${name}`, ofQuarantine: true, name: label(`rejects by rule: ${name}`),
      description: `Records of ${name} in quarantine whose batches were not superseded, by run, rule and column; needs leave to read the quarantine`,
      sql: `SELECT p."run_id", r."code", r."column_name", count(*) AS "records", min(r."reason") AS "reason"\nFROM ${quoteName(tables.database, tables.rejectsTables[name] ?? '')} r\n`
        + `JOIN ${published} p ON p."attempt_id" = r.${quoteIdentifier(ATTEMPT_KEY)}\n`
        + `WHERE p."dataset" = ${quoteLiteral(name)} AND ${standingSql('p')}\n`
        + 'GROUP BY p."run_id", r."code", r."column_name"\nORDER BY "records" DESC, 1, 2, 3',
    })),
  ];
}

/** What is cut off is told apart by a hash of the whole. */
function shortened(text: string): string {
  if (text.length <= MOST_CHARACTERS) return text;
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 8);
  return `${text.slice(0, MOST_CHARACTERS - digest.length - 1)}-${digest}`;
}
