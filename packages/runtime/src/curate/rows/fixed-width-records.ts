import type { Dataset, FixedField } from '../../contract/contract';
import { CanonicalRecords, type CanonicalSink } from './canonical-records';
import { fieldName, isRead } from './csv/csv-header';
import type { RecordProblem } from './json/json-records';
import type { LineRecords } from './line-scanner';
import type { ProvenTexts } from './proven-texts';

const CR = 13;
const SPACE = 32;

/** Re-tells lines with fields at fixed places. */
export class FixedWidthRecords implements LineRecords {
  private readonly canonical: CanonicalRecords;
  /** By column. */
  private readonly fields: readonly FixedField[];
  private readonly values: (Buffer | null)[];
  private readonly nulls: readonly Buffer[];
  /** Characters of a record. */
  private readonly width: number;
  /** Byte at which each character of a record begins, and its end. */
  private readonly starts: Uint32Array;

  constructor(private readonly dataset: Dataset, canonical: CanonicalSink, proven?: ProvenTexts) {
    const { fields = [], nullTokens } = dataset.record;
    this.canonical = new CanonicalRecords(canonical, proven);
    this.fields = dataset.columns.filter(isRead).map((column) => fields.find(({ name }) => name === fieldName(column))!);
    this.values = new Array<null>(this.fields.length).fill(null);
    this.nulls = nullTokens.map((token) => Buffer.from(token));
    this.width = Math.max(...fields.map(({ start, length }) => start - 1 + length));
    this.starts = new Uint32Array(this.width + 1);
  }

  take(bytes: Buffer, from: number, to: number): RecordProblem | undefined {
    const line = bytes.subarray(from, to);
    if (line.includes(CR)) return { code: 'LINE_END', reason: 'a carriage return that is not part of a line end' };
    if (line.includes(0)) return { code: 'ENCODING', reason: 'holds a NUL byte, which no target can store' };
    const { width, starts, values } = this;
    const characters = this.place(line);
    // An empty line is more often none than a record of spaces.
    if (characters > width || characters === 0 || (characters < width && this.dataset.record.shortRecords !== 'pad')) {
      return { code: 'FIELDS', reason: `${characters} characters, expected ${width}` };
    }
    for (let index = 0; index < values.length; index++) {
      const { start, length } = this.fields[index]!;
      const begin = starts[Math.min(start - 1, characters)]!;
      const end = starts[Math.min(start - 1 + length, characters)]!;
      const text = this.trimmed(line, begin, end);
      values[index] = this.nulls.some((token) => token.equals(text)) ? null : text;
    }
    this.canonical.write(values);
    return undefined;
  }

  flush(): void {
    this.canonical.flush();
  }

  /** Notes where the characters of a record begin, as far as there are fields; returns how many characters there are. */
  private place(line: Buffer): number {
    const { starts, width } = this;
    let characters = 0;
    for (let at = 0; at < line.length; at++) {
      if ((line[at]! & 0xc0) === 0x80) continue;
      if (characters <= width) starts[characters] = at;
      characters++;
    }
    if (characters <= width) starts[characters] = line.length;
    return characters;
  }

  private trimmed(line: Buffer, begin: number, end: number): Buffer {
    const { trim } = this.dataset.record;
    let [from, to] = [begin, end];
    if (trim === 'left' || trim === 'both') while (from < to && line[from] === SPACE) from++;
    if (trim === 'right' || trim === 'both') while (to > from && line[to - 1] === SPACE) to--;
    return line.subarray(from, to);
  }
}
