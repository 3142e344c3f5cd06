/**
 * Compares keys by their UTF-8 bytes, as S3 sorts. JavaScript compares UTF-16 units, which puts characters beyond
 * U+FFFF before U+E000..U+FFFF; moving the surrogates to the top of the range repairs that without encoding.
 */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    if (left !== right) return rank(left) - rank(right);
  }
  return a.length - b.length;
}

function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000;
}

/** The keys of a bucket in S3 order. Inserting is a binary search and a move of the tail: cheap up to millions. */
export class SortedKeys {
  private readonly keys: string[];

  constructor(keys: Iterable<string> = []) {
    this.keys = [...keys].sort(compareKeys);
  }

  get size(): number {
    return this.keys.length;
  }

  at(index: number): string | undefined {
    return this.keys[index];
  }

  /** Adds a key that is not there yet. */
  add(key: string): void {
    const last = this.keys[this.keys.length - 1];
    if (last === undefined || compareKeys(last, key) < 0) this.keys.push(key);
    else this.keys.splice(this.firstNotBelow(key), 0, key);
  }

  remove(key: string): void {
    const index = this.firstNotBelow(key);
    if (this.keys[index] === key) this.keys.splice(index, 1);
  }

  /** Index of the first key that is not below the given one; `size` when there is none. */
  firstNotBelow(key: string): number {
    return this.search((candidate) => compareKeys(candidate, key) < 0);
  }

  /** Index of the first key that is above the given one. */
  firstAbove(key: string): number {
    return this.search((candidate) => compareKeys(candidate, key) <= 0);
  }

  /** Index of the first key that sorts after everything beginning with the prefix. */
  firstBeyondPrefix(prefix: string): number {
    return this.search((candidate) => candidate.startsWith(prefix) || compareKeys(candidate, prefix) < 0);
  }

  private search(isBefore: (candidate: string) => boolean): number {
    let low = 0;
    let high = this.keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isBefore(this.keys[middle]!)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
