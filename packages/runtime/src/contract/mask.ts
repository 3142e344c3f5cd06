import type { Column, Dataset, Mask } from './contract';
import { duckdbText } from './duckdb-text';
import { quoteLiteral } from './quote-identifier';

/** Hexadecimal digits of a hash. */
export const HASH_LENGTH = 64;

/** The engine's variables with the two padded keys of HMAC: in variables, so that no statement holds them. */
export const MASK_KEYS = { inner: 'headrace_mask_inner', outer: 'headrace_mask_outer' } as const;

/**
 * A column as it is stored; undefined for one that is dropped.
 *
 * Checks were made of the clear value, so bounds and patterns are gone. A hash is a text of 64 characters, and a value that is redacted
 * without a text is NULL.
 */
export function storedColumn(column: Column): Column | undefined {
  const { name, required, unique, source, description, classification, mask } = column;
  if (mask === undefined) return column;
  const common = {
    name, unique, source, mask, ...(description === undefined ? {} : { description }), ...(classification === undefined ? {} : { classification }),
  };
  switch (mask.method) {
    case 'drop': return undefined;
    case 'hash': return { ...common, required, type: { kind: 'string', length: HASH_LENGTH } };
    case 'redact': return mask.text === undefined ? { ...common, required: false, type: column.type } : { ...common, required, type: { kind: 'string' } };
  }
}

/** The dataset with its columns as records have them: clear, and those that are never stored too. */
export function asRecorded(dataset: Dataset): Dataset {
  return dataset.recordColumns === undefined ? dataset : { ...dataset, columns: dataset.recordColumns };
}

/** Masks by column, of a dataset in either form; empty where nothing is masked. */
export function masksOf(dataset: Dataset): Readonly<Record<string, Mask['method']>> {
  return Object.fromEntries(asRecorded(dataset).columns.flatMap(({ name, mask }) => (mask === undefined ? [] : [[name, mask.method]])));
}

/** Whether the dataset needs the salt. */
export function isHashed(dataset: Dataset): boolean {
  return Object.values(masksOf(dataset)).includes('hash');
}

/**
 * A DuckDB expression: what is stored of a typed value; undefined for a column that is dropped.
 *
 * A hash is HMAC-SHA-256 of the value's canonical text, as {@link duckdbText} writes it, so equal values have equal hashes however their
 * source wrote them. The engine has no HMAC; two rounds of SHA-256 over padded keys are one (RFC 2104).
 */
export function maskedValue(column: Column, typed: string): string | undefined {
  const { mask } = column;
  if (mask === undefined) return typed;
  switch (mask.method) {
    case 'drop': return undefined;
    case 'redact': return mask.text === undefined ? `CASE WHEN false THEN ${typed} END` : `CASE WHEN ${typed} IS NOT NULL THEN ${quoteLiteral(mask.text)} END`;
    case 'hash': {
      const round = (key: string, bytes: string): string => `sha256(getvariable(${quoteLiteral(key)}) || ${bytes})`;
      return round(MASK_KEYS.outer, `unhex(${round(MASK_KEYS.inner, `encode(${duckdbText(column, typed)})`)})`);
    }
  }
}
