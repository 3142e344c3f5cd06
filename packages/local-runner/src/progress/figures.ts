/** Bytes for people: `74.9 MB`, in powers of 1000. */
export function bytesText(bytes: number | undefined): string {
  if (bytes === undefined) return '';
  for (const [unit, size] of [['GB', 1e9], ['MB', 1e6], ['kB', 1e3]] as const) {
    if (bytes >= size) return `${(bytes / size).toFixed(1)} ${unit}`;
  }
  return `${bytes} B`;
}

/** Whole numbers with thousands separators; `unknown` stays a word. */
export function countText(count: number | 'unknown' | undefined): string {
  return typeof count === 'number' ? count.toLocaleString('en-US') : count ?? '';
}
