/** Bytes that no row tells apart, as one class. */
export interface ByteClasses {
  /** The class of each byte. */
  readonly classes: Uint8Array;
  /** One byte of each class. */
  readonly samples: readonly number[];
}

/** Groups bytes by what the rows have for them, so that a table needs a column for each group only. */
export function byteClasses(rows: Iterable<ArrayLike<number>>): ByteClasses {
  let classes = new Uint8Array(256);
  let count = 1;
  for (const row of rows) {
    // Splits each class by the values that this row has for its bytes.
    const split = new Map<number, number>();
    const finer = new Uint8Array(256);
    for (let byte = 0; byte < 256; byte++) {
      const key = row[byte]! * 256 + classes[byte]!;
      let number = split.get(key);
      if (number === undefined) split.set(key, number = split.size);
      finer[byte] = number;
    }
    classes = finer;
    count = split.size;
    if (count === 256) break;
  }
  const samples = Array.from({ length: count }, (_, number) => classes.indexOf(number));
  return { classes, samples };
}
