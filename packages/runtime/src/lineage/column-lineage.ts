/** How a field of an input bears on what is made of it, in the words of OpenLineage. */
export type Transformation =
  /** The value itself, or one that is computed from it. */
  | { readonly type: 'DIRECT'; readonly subtype: 'IDENTITY' | 'TRANSFORMATION'; readonly masking?: true }
  /** No value, but it decides which one is taken, or whether there is a row. */
  | { readonly type: 'INDIRECT'; readonly subtype: 'CONDITIONAL' | 'FILTER'; readonly masking?: true };

/** A field of the input, and all that is made of it. */
export interface InputField {
  readonly field: string;
  readonly transformations: readonly Transformation[];
}

/** What the fields of an output are made of. */
export interface ColumnLineage {
  /** By column. */
  readonly columns: ReadonlyMap<string, readonly InputField[]>;
  /** What decides which rows there are. */
  readonly rows: readonly InputField[];
}

/** Fields with everything that is said of each, once. */
export function inputFields(uses: ReadonlyArray<{ readonly field: string; readonly transformation: Transformation }>): InputField[] {
  const found = new Map<string, Map<string, Transformation>>();
  for (const { field, transformation } of uses) {
    const known = found.get(field) ?? new Map<string, Transformation>();
    found.set(field, known.set(JSON.stringify(transformation), transformation));
  }
  return [...found].map(([field, transformations]) => ({ field, transformations: [...transformations.values()] }));
}
