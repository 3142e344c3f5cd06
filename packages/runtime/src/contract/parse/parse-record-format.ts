import type { RecordFormat } from '../contract';
import { JSON_POINTER } from '../json-pointer';
import { ENCODING_ALIASES, ENCODINGS } from '../encodings';
import type { MapReader } from './map-reader';
import { parseExcelFormat } from './parse-excel-format';
import { parseFixedFields } from './parse-fixed-fields';
import { isTyped, LANDED_FORMATS, READABLE_FORMATS, type LandedFormat, type ReadableFormat } from '../record-formats';
import { XML_PATH } from '../xml-name';

const MEBIBYTE = 1024 * 1024;
/** A record above this size is far more often a lost quote than data. */
const DEFAULT_MAX_RECORD_BYTES = MEBIBYTE;
const LARGEST_RECORD = 64 * MEBIBYTE;

/** Reads `headraceRecord`; what a record format does not know is refused, not left without effect. */
export function parseRecordFormat(record: MapReader): RecordFormat | undefined {
  const named = record.choice('format', FORMATS, `write ${READABLE_FORMATS.join(', ')}, tsv for csv with tabs, or one that only lands in Raw: ${LANDED_FORMATS.join(', ')}`);
  if (named === undefined && !record.has('format')) {
    record.problem(undefined, { rule: 'required-key', value: 'nothing', message: 'format is required', fix: 'write format: csv, ndjson, json, xml or fixed-width' });
  }
  const format = named === 'tsv' ? 'csv' : named;
  const encoding = record.choice('encoding', [...ENCODINGS, 'UTF-8', 'latin-1'], `write one of ${ENCODINGS.join(', ')}, or have the source write UTF-8`);
  record.refuse('path', 'paths into documents are not supported', 'write recordsAt: with a JSON pointer of json, with names of elements of xml');
  if (format !== 'json' && format !== 'xml') record.refuse('recordsAt', 'recordsAt has a meaning for json and xml only', 'leave it out, or write format: json');
  const noRecords = record.choice('noRecords', ['fail', 'empty']);
  if (format !== 'xml') record.refuse('noRecords', 'noRecords has a meaning for xml only', 'leave it out');
  if (format !== 'fixed-width') record.refuse('fields', 'fields has a meaning for fixed-width only', 'leave it out, or write format: fixed-width');
  const shortRecords = record.choice('shortRecords', ['reject', 'pad']);
  if (format !== 'fixed-width') record.refuse('shortRecords', 'shortRecords has a meaning for fixed-width only', 'leave it out');
  const excel = parseExcelFormat(record);
  if (format !== 'excel') for (const key of EXCEL_KEYS) record.refuse(key, `${key} has a meaning for excel only`, 'leave it out, or write format: excel');
  for (const key of isTyped(format) ? TEXT_KEYS.filter((each) => format !== 'excel' || each !== 'nullTokens') : []) record.refuse(key, `${key} has no meaning for ${format}, whose values are typed`, 'leave it out');
  const common = {
    compression: isTyped(format) ? 'none' as const : record.choice('compression', ['auto', 'none', 'gzip', 'zstd', 'zip']) ?? ('auto' as const),
    encoding: encoding === undefined || isTyped(format) ? 'utf-8' as const : encoding === 'UTF-8' || encoding === 'latin-1' ? ENCODING_ALIASES[encoding] : encoding,
    newline: format === 'json' || format === 'xml' || isTyped(format) ? 'auto' as const : record.choice('newline', ['auto', 'lf', 'crlf']) ?? ('auto' as const),
    maxRecordBytes: record.integer('maxRecordBytes', { min: 64, max: LARGEST_RECORD }) ?? DEFAULT_MAX_RECORD_BYTES,
  };
  const dialect = dialectOf(record, format, named === 'tsv' ? '\t' : ',');
  record.finish();
  const empty = format === 'xml' && record.has('recordsAt') ? { noRecords: noRecords ?? 'fail' as const } : {};
  const short = format === 'fixed-width' && record.has('fields') ? { shortRecords: shortRecords ?? 'reject' as const } : {};
  return format === undefined ? undefined : { format, ...common, ...dialect, ...empty, ...short, ...(format === 'excel' ? { excel } : {}) };
}

const FORMATS = [...READABLE_FORMATS, 'tsv', ...LANDED_FORMATS] as const;

function dialectOf(record: MapReader, format: ReadableFormat | LandedFormat | undefined, delimiter: string): Dialect {
  if (format === undefined || format === 'csv') return csvDialect(record, delimiter);
  if (format === 'json') return jsonDialect(record);
  if (format === 'xml') return record.has('recordsAt') ? xmlDialect(record) : landedDialect(record, format);
  if (format === 'fixed-width') return record.has('fields') ? fixedDialect(record) : landedDialect(record, format);
  if (format === 'excel') return excelDialect(record);
  if (isTyped(format)) return typedDialect(record);
  return format === 'ndjson' ? ndjsonDialect(record) : landedDialect(record, format);
}

type Dialect = Omit<RecordFormat, 'format' | 'compression' | 'encoding' | 'newline' | 'maxRecordBytes'>;

function csvDialect(record: MapReader, separator: string): Dialect {
  const delimiter = oneCharacter(record, 'delimiter', false) ?? separator;
  const quote = oneCharacter(record, 'quote', true) ?? '"';
  if (delimiter === quote) {
    record.problem('quote', { rule: 'dialect', value: JSON.stringify(quote), message: 'quote and delimiter are the same character', fix: 'write two different ones' });
  }
  const escape = record.choice('escape', ['doubled', 'backslash']);
  if (escape === 'backslash') {
    record.problem('escape', { rule: 'dialect', value: 'backslash', message: 'backslash escapes are not supported: readers disagree on what they mean', fix: 'have the source double quotes inside quoted fields' });
  }
  const multiline = record.boolean('multiline') ?? false;
  if (multiline && quote === '') {
    record.problem('multiline', { rule: 'dialect', value: 'true', message: 'without quotes a line end always ends the record', fix: 'write multiline: false, or declare a quote' });
  }
  const fix = 'write none; spaces are part of the data, and a pattern can refuse them';
  const trim = record.choice('trim', TRIMS, fix);
  if (trim !== undefined && trim !== 'none') record.problem('trim', { rule: 'dialect', value: trim, message: 'only fields of fixed-width records are padded', fix });
  return {
    header: record.choice('header', ['exact', 'subset', 'none']) ?? 'exact',
    delimiter, quote, escape: 'doubled', multiline, trim: 'none',
    nullTokens: record.texts('nullTokens') ?? [''],
  };
}

function ndjsonDialect(record: MapReader): Dialect {
  if (record.boolean('multiline') === true) {
    record.problem('multiline', { rule: 'dialect', value: 'true', message: 'in ndjson a line end always ends the record', fix: 'leave it out' });
  }
  return membersDialect(record, 'ndjson');
}

function jsonDialect(record: MapReader): Dialect {
  for (const key of ['multiline', 'newline']) record.refuse(key, `${key} has no meaning for json, where line ends are spaces`, 'leave it out');
  const written = record.text('recordsAt') ?? '';
  // As sources of pages have it.
  const recordsAt = written === '#' ? '' : written;
  if (!JSON_POINTER.test(recordsAt)) {
    record.problem('recordsAt', {
      rule: 'json-pointer', value: JSON.stringify(recordsAt), message: 'recordsAt must be a JSON pointer', fix: 'write one like /data/items (~1 for a slash in a name, ~0 for a tilde), or # for the document itself',
    });
  }
  return { ...membersDialect(record, 'json'), recordsAt };
}

function xmlDialect(record: MapReader): Dialect {
  for (const key of ['multiline', 'newline', 'delimiter', 'quote', 'escape', 'trim']) record.refuse(key, `${key} has no meaning for xml`, 'leave it out');
  const recordsAt = record.text('recordsAt') ?? '';
  if (!XML_PATH.test(recordsAt) || Buffer.byteLength(recordsAt.slice(recordsAt.lastIndexOf('/') + 1)) > LONGEST_NAME) {
    record.problem('recordsAt', {
      rule: 'xml-path', value: JSON.stringify(recordsAt), message: `recordsAt must be the names of elements from the root to the records, whose name has ${LONGEST_NAME} bytes at most`, fix: 'write one like /rows/row, each name with the prefix that the documents have',
    });
  }
  return {
    header: record.choice('header', ['exact', 'subset'], 'write exact (unknown elements are rejects) or subset (they are left out)') ?? 'exact',
    delimiter: '', quote: '"', escape: 'doubled', multiline: false, trim: 'none', nullTokens: record.texts('nullTokens') ?? [], recordsAt,
  };
}

function fixedDialect(record: MapReader): Dialect {
  for (const key of ['header', 'multiline', 'delimiter', 'quote', 'escape']) record.refuse(key, `${key} has no meaning for fixed-width`, 'leave it out');
  return {
    header: 'none', delimiter: '', quote: '"', escape: 'doubled', multiline: false,
    trim: record.choice('trim', TRIMS) ?? 'both', nullTokens: record.texts('nullTokens') ?? [''], fields: parseFixedFields(record),
  };
}

/** Keys about texts. */
const TEXT_KEYS = ['compression', 'encoding', 'newline', 'multiline', 'delimiter', 'quote', 'escape', 'trim', 'nullTokens'];

function typedDialect(record: MapReader): Dialect {
  return {
    header: record.choice('header', ['exact', 'subset'], 'write exact (columns that the contract does not have are an error) or subset (they are left out)') ?? 'exact',
    delimiter: '', quote: '"', escape: 'doubled', multiline: false, trim: 'none', nullTokens: [],
  };
}

function excelDialect(record: MapReader): Dialect {
  return {
    header: record.choice('header', ['exact', 'subset', 'none']) ?? 'exact',
    delimiter: '', quote: '"', escape: 'doubled', multiline: false, trim: 'none', nullTokens: record.texts('nullTokens') ?? [],
  };
}

const EXCEL_KEYS = ['sheet', 'range', 'numbers', 'dates', 'times'];

const TRIMS = ['none', 'left', 'right', 'both'] as const;

/** In bytes: the beginning of a record must fit the smallest maxRecordBytes. */
const LONGEST_NAME = 60;

/** Of records whose fields are members of an object. */
function membersDialect(record: MapReader, format: 'ndjson' | 'json'): Dialect {
  for (const key of ['delimiter', 'quote', 'escape', 'nullTokens', 'trim']) {
    record.refuse(key, `${key} has no meaning for ${format}`, key === 'nullTokens' ? 'leave it out; NULL is null, or an absent member' : 'leave it out');
  }
  return {
    header: record.choice('header', ['exact', 'subset'], 'write exact (unknown members are rejects) or subset (they are left out)') ?? 'exact',
    delimiter: '', quote: '"', escape: 'doubled', multiline: false, trim: 'none', nullTokens: [],
  };
}

/** Nobody reads it, so nothing of it can be promised. */
function landedDialect(record: MapReader, format: LandedFormat | 'xml' | 'fixed-width'): Dialect {
  for (const key of ['header', 'delimiter', 'quote', 'escape', 'multiline', 'nullTokens', 'trim']) {
    record.refuse(key, `${format} lands as it is, so ${key} has no effect`, 'leave it out');
  }
  return { header: 'none', delimiter: '', quote: '', escape: 'doubled', multiline: false, trim: 'none', nullTokens: [] };
}

function oneCharacter(record: MapReader, key: string, mayBeEmpty: boolean): string | undefined {
  const text = record.text(key);
  if (text === undefined || (mayBeEmpty && text === '')) return text;
  // Letters, digits, signs and points are parts of values; line ends are parts of the framing.
  if (/^[\t !-,/:-@[-`{-~\x01-\x08\x0e-\x1f]$/.test(text)) return text;
  record.problem(key, {
    rule: 'dialect', value: JSON.stringify(text), message: `${key} must be one ASCII character that is no letter, digit, point, minus or line end`,
    fix: key === 'delimiter' ? 'write "," ";" "|" or "\\t"' : 'write "\\""',
  });
  return undefined;
}
