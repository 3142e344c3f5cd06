/**
 * A name as a delimited SQL identifier: `"` around it, `"` inside doubled.
 *
 * DuckDB, Trino and PostgreSQL read it alike. Throws for the empty name and for U+0000, which no engine takes.
 */
export function quoteIdentifier(name: string): string {
  if (name === '' || name.includes('\0')) throw new TypeError(`an SQL name must not be empty or hold U+0000, got ${JSON.stringify(name)}`);
  return `"${name.replace(/"/g, '""')}"`;
}

/** A qualified name: `"schema"."table"`. */
export function quoteName(...parts: readonly string[]): string {
  return parts.map(quoteIdentifier).join('.');
}

/**
 * Text as a standard SQL string literal. Backslashes are plain characters, as in DuckDB, Trino and PostgreSQL with
 * `standard_conforming_strings` (its default).
 */
export function quoteLiteral(text: string): string {
  if (text.includes('\0')) throw new TypeError('an SQL text must not hold U+0000');
  return `'${text.replace(/'/g, "''")}'`;
}
