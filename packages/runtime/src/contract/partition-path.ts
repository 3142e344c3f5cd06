import { encodePartitionValue } from '../run/keys';

/**
 * The folder of one column-partition value: `flight_month=2024-01`.
 *
 * Paths are opaque: readers take values from manifests. NULL becomes `__HIVE_DEFAULT_PARTITION__`, everything but
 * letters, digits, `.`, `-` and `_` is percent-encoded. Throws for the empty text, which engines read as NULL.
 */
export function partitionPath(column: string, value: string | null): string {
  if (value === '') throw new TypeError(`the empty text cannot be a value of partition column ${column}: a path cannot tell it from NULL`);
  return `${column}=${encodePartitionValue(value)}`;
}
