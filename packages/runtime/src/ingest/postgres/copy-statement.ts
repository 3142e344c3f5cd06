import { quoteLiteral } from '../../contract/quote-identifier';
import type { SqlRead } from '../sql/sql-engine';

/** `COPY` of one SELECT to the client. */
export function copyStatement({ sql, dialect }: Pick<SqlRead, 'sql' | 'dialect'>): string {
  const { header, delimiter, quote, quoteAll } = dialect;
  const options = [
    'FORMAT csv', `HEADER ${header}`, `DELIMITER ${quoteLiteral(delimiter)}`, `QUOTE ${quoteLiteral(quote)}`, `ESCAPE ${quoteLiteral(quote)}`, `NULL ${quoteLiteral(dialect.null)}`,
    "ENCODING 'UTF8'", ...(quoteAll ? ['FORCE_QUOTE *'] : []),
  ];
  return `COPY (${sql}) TO STDOUT (${options.join(', ')})`;
}
