/** How the rows of a text delimited file become items. */
export interface CsvOptions {
  /** One character. */
  readonly delimiter: string;
  /** Column names; undefined takes the first row. */
  readonly headers?: readonly string[];
}

/** The values of `CSVDelimiter`. */
export const CSV_DELIMITERS: Readonly<Record<string, string>> = { COMMA: ',', PIPE: '|', SEMICOLON: ';', SPACE: ' ', TAB: '\t' };

/**
 * Items of a text delimited file, by the rules that Step Functions documents: all values are text, a missing field
 * is empty, fields beyond the header are dropped, and a backslash escapes itself, a quote and the delimiter only.
 */
export function csvItems(text: string, options: CsvOptions): Array<Record<string, string>> {
  const rows = csvRows(text, options.delimiter);
  const headers = options.headers ?? rows.shift() ?? [];
  return rows.map((row) => Object.fromEntries(headers.map((header, i) => [header, row[i] ?? ''])));
}

/** Splits a text into rows of fields; empty lines are no rows. */
export function csvRows(text: string, delimiter: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let field = '';
  let quoted = false;
  const endRow = () => {
    row.push(field);
    if (row.length > 1 || row[0] !== '') rows.push(row);
    row = [];
    field = '';
  };
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === '\\') {
      const next = text[i + 1];
      if (next === '\\' || next === '"' || next === delimiter) field += text[++i];
    } else if (c === '"') {
      if (quoted && text[i + 1] === '"') field += text[++i];
      else quoted = !quoted;
    } else if (quoted) {
      field += c;
    } else if (c === delimiter) {
      row.push(field);
      field = '';
    } else if (c === '\n') {
      endRow();
    } else if (c !== '\r') {
      field += c;
    }
  }
  if (field !== '' || row.length > 0) endRow();
  return rows;
}
