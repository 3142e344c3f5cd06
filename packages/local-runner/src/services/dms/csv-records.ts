/** One field of a record: its text, and whether it stood in quotes. */
export interface CsvField {
  readonly text: string;
  readonly quoted: boolean;
}

export interface CsvDialect {
  readonly delimiter: string;
  readonly rowDelimiter: string;
  /** Quotes as in RFC 4180; without, a delimiter ends a field wherever it stands. */
  readonly rfc4180: boolean;
}

/** Splits a file into records as the S3 source of DMS documents it. Throws an Error that names the record for a quote that is not closed. */
export function csvRecords(text: string, { delimiter, rowDelimiter, rfc4180 }: CsvDialect): CsvField[][] {
  const records: CsvField[][] = [];
  let at = 0;
  let record: CsvField[] = [];
  while (at < text.length || record.length > 0) {
    const field = rfc4180 && text[at] === '"' ? quotedField(text, at, records.length + 1) : bareField(text, at, delimiter, rowDelimiter);
    record.push({ text: field.text, quoted: field.quoted });
    at = field.end;
    if (text.startsWith(delimiter, at)) {
      at += delimiter.length;
      continue;
    }
    if (at < text.length && !text.startsWith(rowDelimiter, at)) {
      throw new Error(`record ${records.length + 1} has ${JSON.stringify(text.slice(at, at + 10))} behind a closing quote`);
    }
    at += rowDelimiter.length;
    records.push(record);
    record = [];
  }
  return records;
}

interface Scanned extends CsvField { readonly end: number }

function quotedField(text: string, start: number, number: number): Scanned {
  let content = '';
  let at = start + 1;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) throw new Error(`record ${number} has a double quotation mark that is not followed by an ending one, which Rfc4180 wants`);
    content += text.slice(at, quote);
    if (text[quote + 1] !== '"') return { text: content, quoted: true, end: quote + 1 };
    content += '"';
    at = quote + 2;
  }
}

function bareField(text: string, start: number, delimiter: string, rowDelimiter: string): Scanned {
  const ends = [text.indexOf(delimiter, start), text.indexOf(rowDelimiter, start)].filter((end) => end >= 0);
  const end = Math.min(text.length, ...ends);
  return { text: text.slice(start, end), quoted: false, end };
}
