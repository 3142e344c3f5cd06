/** The free bytes of the database's disk by what the state machine was told of it; undefined where it got no figure. */
export function freeBytesOf(previous: unknown): number | undefined {
  const { freeBytes } = (previous ?? {}) as { readonly freeBytes?: unknown };
  return typeof freeBytes === 'number' && Number.isFinite(freeBytes) && freeBytes >= 0 ? freeBytes : undefined;
}
