/** A row of a CSV text, with the line that it begins on, from 1. */
export interface CsvRow {
  readonly line: number;
  readonly cells: string[];
}

/** Rows of comma separated cells, some of them in quotes; empty lines are left out. */
export function csvRows(text: string): CsvRow[] {
  const rows: CsvRow[] = [];
  let cells: string[] = [];
  let start = 1;
  let line = 1;
  for (const match of text.replace(/^\uFEFF/, '').matchAll(/("(?:[^"]|"")*"|[^,\r\n]*)(,|\r\n|\n|\r|$)/g)) {
    const [whole, cell = '', end = ''] = match;
    cells.push(cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell);
    line += whole.split(/\r\n|\n|\r/).length - 1;
    if (end === ',') continue;
    if (cells.some((each) => each !== '')) rows.push({ line: start, cells });
    cells = [];
    start = line;
  }
  return rows;
}
