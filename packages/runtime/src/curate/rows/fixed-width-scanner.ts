import { isUtf8 } from 'node:buffer';
import type { Dataset, FixedField } from '../../contract/contract';
import { CanonicalRecords, type CanonicalSink } from './canonical-records';
import { lineEnds } from './csv-dialect';
import { fieldName, isRead } from './csv-header';
import { suspicious } from './csv-scanner';
import { NOT_UTF8, tooLong, type BlockScanner, type FramedRecords } from './framed-records';
import type { RecordProblem } from './json-records';

const LF = 10;
const CR = 13;
const SPACE = 32;

/** Finds records that are lines with fields at fixed places, and re-tells each as a record of texts, as {@link NdjsonScanner} does. */
export class FixedWidthScanner implements BlockScanner {
  line: number;
  private readonly canonical: CanonicalRecords;
  /** By column. */
  private readonly fields: readonly FixedField[];
  private readonly values: (Buffer | null)[];
  private readonly nulls: readonly Buffer[];
  /** Characters of a record. */
  private readonly width: number;
  /** Byte at which each character of a record begins, and its end. */
  private readonly starts: Uint32Array;

  constructor(private readonly dataset: Dataset, private readonly framed: FramedRecords, canonical: CanonicalSink, firstLine: number) {
    const { fields = [], nullTokens } = dataset.record;
    this.line = firstLine;
    this.canonical = new CanonicalRecords(canonical);
    this.fields = dataset.columns.filter(isRead).map((column) => fields.find(({ name }) => name === fieldName(column))!);
    this.values = new Array<null>(this.fields.length).fill(null);
    this.nulls = nullTokens.map((token) => Buffer.from(token));
    this.width = Math.max(...fields.map(({ start, length }) => start - 1 + length));
    this.starts = new Uint32Array(this.width + 1);
  }

  scan(block: Buffer, from: number, to: number, base: number, synthetic = -1): number {
    const allowed = lineEnds(this.dataset.record.newline);
    const suspect = suspicious(block, from, to);
    block[to] = LF;
    let position = from;
    for (;;) {
      const stop = block.indexOf(LF, position);
      if (stop >= to) break;
      const terminator = stop > position && block[stop - 1] === CR && stop !== synthetic ? 2 : 1;
      const end = stop + 1 - terminator;
      const line = block.subarray(position, end);
      const problem = this.frameProblem(line, terminator, allowed, suspect) ?? this.take(line);
      if (problem === undefined) {
        block[end] = LF;
        this.framed.good(block, position, end + 1, 1, base + position - from, this.line, terminator);
      } else {
        this.framed.bad(problem.code, problem.reason, line, base + position - from, this.line);
      }
      this.line++;
      position = stop + 1;
    }
    this.canonical.flush();
    return position;
  }

  private frameProblem(line: Buffer, terminator: number, allowed: number, suspect: boolean): RecordProblem | undefined {
    const { maxRecordBytes } = this.dataset.record;
    if (line.length > maxRecordBytes) return { code: 'RECORD_SIZE', reason: tooLong(line.length, maxRecordBytes) };
    if ((terminator & allowed) === 0) return { code: 'LINE_END', reason: terminator === 2 ? 'the line ends in CR LF, the contract says newline: lf' : 'the line ends in LF, the contract says newline: crlf' };
    if (line.includes(CR)) return { code: 'LINE_END', reason: 'a carriage return that is not part of a line end' };
    if (!suspect) return undefined;
    if (!isUtf8(line)) return { code: 'ENCODING', reason: NOT_UTF8 };
    return line.includes(0) ? { code: 'ENCODING', reason: 'holds a NUL byte, which no target can store' } : undefined;
  }

  private take(line: Buffer): RecordProblem | undefined {
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
