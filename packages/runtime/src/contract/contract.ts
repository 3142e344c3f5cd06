/**
 * The data contract as the rest of Headrace sees it: parsed, checked, complete, and free of YAML.
 *
 * Everything that describes a column anywhere (grammars, casts, engine types, tables, merges) is derived from these
 * shapes by the pure functions beside this file.
 */

import type { Encoding } from './encodings';
import type { Expression } from './expression/expression';
import type { LandedFormat, ReadableFormat } from './record-formats';

/** What a dataset is over several runs. */
export type History = 'append' | 'snapshot' | 'changes';

/** How far the columns of a batch may differ from the contract. */
export type SchemaPolicy = 'strict' | 'evolve' | 'permissive';

/**
 * The logical type of a column.
 *
 * - `string.length`: the largest number of code points, from `varchar(n)` or `char(n)`.
 * - `integer`: two's complement unless `unsigned`; a value outside is a reject, never wrapped.
 * - `decimal`: exact; `precision` 1 to 38, `scale` 0 to `precision`.
 * - `float`: IEEE 754 binary32 or binary64, NaN and both infinities included.
 * - `timestamp`: microseconds; `zoned` is an instant (kept in UTC), otherwise a wall-clock time without a zone.
 * - `binary`: base64 in text formats.
 * - `object`: members by name, in order; `array`: elements in order. Both are nested types, of values that have types themselves.
 */
export type ColumnType = ScalarType | NestedType;

export type ScalarType =
  | { readonly kind: 'string'; readonly length?: number }
  | { readonly kind: 'integer'; readonly bits: 8 | 16 | 32 | 64; readonly unsigned?: boolean }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'float'; readonly bits: 32 | 64 }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'date' }
  | { readonly kind: 'timestamp'; readonly zoned: boolean }
  | { readonly kind: 'time' }
  | { readonly kind: 'uuid' }
  | { readonly kind: 'binary' };

/**
 * A type with others inside of it.
 *
 * Members and elements are columns in all that says how a value is read and checked. Their source is a member name; an element is called
 * `element`, and is read from no name.
 */
export type NestedType =
  | { readonly kind: 'object'; readonly members: readonly Column[] }
  | { readonly kind: 'array'; readonly item: Column };

export type TypeKind = ColumnType['kind'];

/** Where a column's text comes from in a record: a named field, a 1-based position, or a place inside of it. A computed column has none. */
export interface ColumnSource {
  /** Header name in CSV, member name in JSON and NDJSON; in XML `name` or `a/b` of an element, `@name` of an attribute, `.` for the record's text. */
  readonly field?: string;
  /** 1-based field number, for CSV without a header. */
  readonly position?: number;
  /** JSON pointer into the record, for JSON and NDJSON. */
  readonly path?: string;
  /** The column is the JSON text of what stands there, as it is written. */
  readonly json?: true;
}

/**
 * What is stored in place of a value.
 *
 * - `hash`: HMAC-SHA-256 of its canonical text with the stage's salt, in 64 lower case hexadecimal digits.
 * - `redact`: a fixed text, or NULL without one; NULL stays NULL.
 * - `drop`: nothing, and there is no such column.
 */
export type Mask = { readonly method: 'hash' } | { readonly method: 'redact'; readonly text?: string } | { readonly method: 'drop' };

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  /** NULL is a reject. Always true for primary key columns. */
  readonly required: boolean;
  /** Unique within one run. */
  readonly unique: boolean;
  readonly source: ColumnSource;
  /** Unanchored, as in ECMA-262, of the subset that every RE2 engine reads alike. */
  readonly pattern?: string;
  /** Exact source text of the bound, in the same lexical form as the type (decimal text, ISO date, ISO timestamp). */
  readonly minimum?: string;
  readonly maximum?: string;
  readonly exclusiveMinimum?: string;
  readonly exclusiveMaximum?: string;
  readonly multipleOf?: string;
  /** In code points. */
  readonly minLength?: number;
  /** In code points. */
  readonly maxLength?: number;
  /** Elements of an array. */
  readonly minItems?: number;
  /** Elements of an array. */
  readonly maxItems?: number;
  /** Closed token list of dates and times, for example `yyyy-MM-dd HH:mm:ss`. */
  readonly format?: string;
  /** Texts that mean true and false, for booleans; `true` and `false` if absent. */
  readonly trueTokens?: readonly string[];
  readonly falseTokens?: readonly string[];
  /** Text that replaces NULL, in the lexical form of the column. */
  readonly default?: string;
  /** Computes the column from others of the record; it then has no source. */
  readonly computed?: Expression;
  readonly description?: string;
  /** As in the contract, for example `public`, `restricted`. */
  readonly classification?: string;
  /** Its own, or that of its classification. */
  readonly mask?: Mask;
}

/** Format and dialect of a record; part of what the data is, so part of the contract. */
export interface RecordFormat {
  /** Of a format that only lands, the dialect has no meaning. */
  readonly format: ReadableFormat | LandedFormat;
  /** `auto` goes by the part's first bytes, and by its name (`.gz`, `.zst`, `.zip`). */
  readonly compression: 'auto' | 'none' | 'gzip' | 'zstd' | 'zip';
  /** `utf-16` goes by the byte order mark. */
  readonly encoding: Encoding;
  /** `exact`: the header names every field in order; `subset`: columns are found by name, others are left out; `none`: by position. */
  readonly header: 'exact' | 'subset' | 'none';
  readonly delimiter: string;
  /** One character, or empty when the format has no quoting. */
  readonly quote: string;
  readonly escape: 'doubled';
  /** `auto` accepts both, one per record. */
  readonly newline: 'lf' | 'crlf' | 'auto';
  /** False: a line end always ends the record. */
  readonly multiline: boolean;
  /** Unquoted field texts that mean NULL; the empty text is one of them by default. Of excel: texts of cells, and errors such as `#N/A`. */
  readonly nullTokens: readonly string[];
  /** Of fixed-width: at which end of a field U+0020 is padding. `none` keeps every space. */
  readonly trim: 'none' | 'left' | 'right' | 'both';
  /** Of the record in UTF-8. */
  readonly maxRecordBytes: number;
  /** Where the records are. Of json: a JSON pointer, empty for the document itself. Of xml: names of elements from the root on, `/rows/row`. */
  readonly recordsAt?: string;
  /** Of fixed-width: its fields. */
  readonly fields?: readonly FixedField[];
  /** Of fixed-width: whether a line that ends early is a reject, or as if it had spaces there. */
  readonly shortRecords?: 'reject' | 'pad';
  /** Of xml: whether a document with other elements where records should be is an error, or has no records. */
  readonly noRecords?: 'fail' | 'empty';
  /** Of excel. */
  readonly excel?: ExcelFormat;
}

/** Where the records of a workbook are, and what numbers in it mean. */
export interface ExcelFormat {
  /** Absent: the only visible one. */
  readonly sheet?: string;
  /** The header, or the first record without one, begins at its first cell or below. */
  readonly range: CellRange;
  /** `exact`: the digits that the stored number needs; `15-digits`: rounded to those that Excel shows at most. */
  readonly numbers: 'exact' | '15-digits';
  /** Which numbers are dates in a column of dates, times or timestamps: those of cells that show one, or all. */
  readonly dates: 'formatted' | 'serials';
  /** Whether a time that is no whole millisecond is a reject, or the nearest one. */
  readonly times: 'exact' | 'milliseconds';
}

/** Cells of a sheet, all numbers 1-based and inclusive. */
export interface CellRange {
  readonly firstRow: number;
  readonly firstColumn: number;
  readonly lastRow?: number;
  readonly lastColumn?: number;
}

/** Where a field of a fixed-width record is, in characters (code points). */
export interface FixedField {
  readonly name: string;
  /** 1-based. */
  readonly start: number;
  readonly length: number;
}

export interface OrderKey {
  readonly column: string;
  readonly direction: 'asc' | 'desc';
  readonly nulls: 'first' | 'last';
}

export interface Dedupe {
  readonly orderBy: readonly OrderKey[];
  readonly keep: 'first' | 'last';
}

/** Rejects beyond either limit stop the publication of a run. */
export interface Threshold {
  /** Largest number of rejected records. */
  readonly rows?: number;
  /** Largest share of rejected records, 0 to 100, of those parsed. */
  readonly percent?: number;
}

export type QualityOperator =
  | 'mustBe' | 'mustNotBe'
  | 'mustBeGreaterThan' | 'mustBeGreaterOrEqualTo'
  | 'mustBeLessThan' | 'mustBeLessOrEqualTo'
  | 'mustBeBetween' | 'mustNotBeBetween';

export type QualityMetric = 'nullValues' | 'missingValues' | 'invalidValues' | 'duplicateValues' | 'rowCount';

/**
 * One rule over a batch: the records of one raw commit.
 *
 * `nullValues`, `missingValues`, `invalidValues` and `duplicateValues` count records as they were parsed, before any is
 * rejected; a record that did not frame has no fields, so only `rowCount` and the 100 percent count it. `sql` sees the
 * kept rows.
 */
export interface QualityRule {
  /** Its `id`, else its `name`, else where it stands; unique in a dataset. */
  readonly id: string;
  readonly column?: string;
  readonly metric: QualityMetric | 'sql';
  /** For `sql`: `{object}` and `{property}` are the only placeholders. */
  readonly query?: string;
  readonly operator: QualityOperator;
  /** Exact decimal text; two of them for the between operators, both exclusive. */
  readonly values: readonly string[];
  readonly unit: 'rows' | 'percent';
  /** info: record, warning: notify, error: fail the run. */
  readonly severity: 'info' | 'warning' | 'error';
  /** Offending records go to quarantine. */
  readonly quarantine: boolean;
  /** `missingValues`: texts that count as missing; `invalidValues`: the texts that are valid. */
  readonly arguments?: {
    readonly missingValues?: readonly (string | null)[];
    readonly validValues?: readonly string[];
    readonly pattern?: string;
    readonly properties?: readonly string[];
  };
}

/** How long a batch is kept, counted from when it was first published. */
export interface Retention {
  readonly amount: number;
  readonly unit: 'days' | 'months' | 'years';
}

export interface Dataset {
  readonly name: string;
  /** Table in a target: `physicalName`, or the name. */
  readonly table: string;
  readonly record: RecordFormat;
  readonly history: History;
  readonly schemaPolicy: SchemaPolicy;
  /** As they are stored: masked ones with the type of what stands in their place, dropped ones not at all. */
  readonly columns: readonly Column[];
  /** As records have them, all of them; only where a column is masked. */
  readonly recordColumns?: readonly Column[];
  /** Column names in key order; empty when there is no key. */
  readonly primaryKey: readonly string[];
  /** Column names in path order; empty when the dataset has no column partitions. */
  readonly partitionColumns: readonly string[];
  readonly dedupe?: Dedupe;
  /** The order of rows in curated files, 1 to 4 columns that are no column partitions; absent where rows have none. */
  readonly sort?: readonly OrderKey[];
  readonly threshold?: Threshold;
  /** Records for which it is not TRUE are left out, and counted as filtered. */
  readonly filter?: Expression;
  readonly quality: readonly QualityRule[];
  /** Whether curated rows tell where they came from; see `curatedColumns`. */
  readonly lineageColumns?: true;
  /** From `slaProperties`; without one, batches are kept for ever. */
  readonly retention?: Retention;
}

export interface Contract {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly status: string;
  /** Of the file's text, lower-case hex. */
  readonly sha256: string;
  readonly schemaVersion: 1;
  readonly datasets: readonly Dataset[];
  /** Paths of the keys that were read and have no effect. */
  readonly ignored: readonly string[];
}

/** One thing that is wrong in a contract, with all that is needed to mend it. */
export interface ContractProblem {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  /** 1-based. */
  readonly column?: number;
  /** For example `schema[flights].properties[fare].logicalType`. */
  readonly path: string;
  /** Kebab-case name of the rule, stable. */
  readonly rule: string;
  /** The value found, as text. */
  readonly value: string;
  readonly message: string;
  readonly fix: string;
  readonly severity: 'error' | 'warning';
}

/** A column as manifests carry it: plain JSON, enough to compare and to create tables from. */
export interface DerivedColumn {
  readonly name: string;
  readonly type: ColumnType;
  readonly nullable: boolean;
}
