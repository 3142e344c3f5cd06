/** Bytes that no row tells apart, as one class. */
export interface ByteClasses {
  /** The class of each byte. */
  readonly classes: Uint8Array;
  /** One byte of each class. */
  readonly samples: readonly number[];
}

/**
 * Groups bytes by what the rows have for them, so that a table needs a column for each group only.
 *
 * @param width of rows that have no column for every byte any more
 */
export function byteClasses(rows: Iterable<ArrayLike<number>>, width = 256): ByteClasses {
  let classes = new Uint8Array(width);
  let samples = [0];
  for (const row of rows) {
    if (!splits(row, classes, samples)) continue;
    const numbers = new Map<number, number>();
    const finer = new Uint8Array(width);
    samples = [];
    for (let byte = 0; byte < width; byte++) {
      const key = row[byte]! * 256 + classes[byte]!;
      let number = numbers.get(key);
      if (number === undefined) {
        numbers.set(key, number = samples.length);
        samples.push(byte);
      }
      finer[byte] = number;
    }
    classes = finer;
  }
  return { classes, samples };
}

/** Whether the row tells bytes of one class apart, which few rows do that follow others like them. */
function splits(row: ArrayLike<number>, classes: Uint8Array, samples: readonly number[]): boolean {
  for (let byte = 0; byte < classes.length; byte++) if (row[byte] !== row[samples[classes[byte]!]!]) return true;
  return false;
}
