import { AthenaError, type CatalogTable } from './athena-catalog';

/** A view as Athena keeps it in the catalog. */
export interface PrestoView {
  readonly originalSql: string;
  /** Database that unqualified names belong to. */
  readonly schema?: string;
  /** Columns with Trino types. */
  readonly columns: ReadonlyArray<{ readonly name: string; readonly type: string }>;
}

/** Tells whether a catalog table is a view of Athena's. */
export function isPrestoView(table: CatalogTable): boolean {
  return table.TableType === 'VIRTUAL_VIEW' || table.Parameters?.presto_view === 'true';
}

/** Reads the text of a view: base64 of JSON in a comment. */
export function readPrestoView(database: string, table: CatalogTable): PrestoView {
  const encoded = /^\/\* Presto View: ([A-Za-z0-9+/=\s]+) \*\/$/.exec(table.ViewOriginalText ?? '')?.[1];
  try {
    const view = JSON.parse(Buffer.from(encoded ?? '', 'base64').toString()) as PrestoView;
    if (typeof view.originalSql === 'string') return view;
  } catch { /* told below */ }
  throw new AthenaError('INVALID_VIEW', `view ${database}.${table.Name}: its text is not a Presto view; create it with Athena or by the stage`);
}
