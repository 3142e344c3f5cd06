/** What DMS refuses to work with, in its words where it has documented any. */
export class DmsRefusal extends Error {}

export type Document = Readonly<Record<string, any>>; // eslint-disable-line @typescript-eslint/no-explicit-any

/** Parses a document that DMS is given as text. */
export function parseDocument(text: unknown, what: string): Document {
  try {
    const value = typeof text === 'string' ? JSON.parse(text) as unknown : undefined;
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Document;
  } catch {
    // Said below.
  }
  throw new DmsRefusal(`${what} must be a JSON object, given as text`);
}

/** Refuses members that are not documented. */
export function refuseOthers(document: Document, known: readonly string[], where: string): void {
  const unknown = Object.keys(document).filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new DmsRefusal(`${where} has ${unknown.join(', ')}, which the DMS documentation does not know; known: ${known.join(', ')}`);
}
