/** Bytes above which an object goes up in parts. */
const LARGE_BYTES = 9_000_000;

/** Files of a batch by name: small ones, and in the middle one that goes up in parts. */
export function fileBatch(batch: number): Record<string, string> {
  const rows = (first: number, count: number, note: string) => `id,note\n${Array.from({ length: count }, (_, i) => `${first + i},${note}\n`).join('')}`;
  return {
    [`b${batch}-0.csv`]: rows(batch * 1_000, 3, `small of ${batch}`),
    [`b${batch}-1.csv`]: rows(batch * 1_000 + 100, 10, 'x'.repeat(LARGE_BYTES / 10) + batch),
    [`b${batch}-2.csv`]: rows(batch * 1_000 + 200, 5, `last of ${batch}`),
  };
}
