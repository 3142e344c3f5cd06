import { isUtf8 } from 'node:buffer';
import type { Dataset } from '../../contract/contract';
import { lineEnds } from './csv-dialect';
import { fieldName } from './csv-header';
import { suspicious } from './csv-scanner';
import { tooLong, type BlockScanner, type FramedRecords, type FrameCode } from './framed-records';
import { JsonProblem, readJsonLine } from './json-line';

const LF = 10;
const CR = 13;
const QUOTE = 34;

/** Receives the same records as CSV in our own one dialect: comma, every value in quotes, nothing at all for NULL. */
export type CanonicalSink = (bytes: Buffer) => void;

/** Finds NDJSON records and re-tells each as a record of texts; columns are the contract's, in its order. */
export class NdjsonScanner implements BlockScanner {
  line: number;
  private readonly indexes: ReadonlyMap<string, number>;
  private readonly values: (Buffer | null | undefined)[];
  private readonly exact: boolean;
  private out = Buffer.allocUnsafe(64 * 1024);
  private used = 0;

  constructor(
    private readonly dataset: Dataset, private readonly framed: FramedRecords, private readonly canonical: CanonicalSink, firstLine: number,
  ) {
    this.line = firstLine;
    this.indexes = new Map(dataset.columns.map((column, index) => [fieldName(column), index]));
    this.values = new Array<undefined>(dataset.columns.length).fill(undefined);
    this.exact = dataset.record.header === 'exact';
  }

  scan(block: Buffer, from: number, to: number, base: number, synthetic = -1): number {
    const { maxRecordBytes, newline } = this.dataset.record;
    const allowed = lineEnds(newline);
    const suspect = suspicious(block, from, to);
    block[to] = LF;
    let position = from;
    for (;;) {
      const stop = block.indexOf(LF, position);
      if (stop >= to) break;
      const terminator = stop > position && block[stop - 1] === CR && stop !== synthetic ? 2 : 1;
      const end = stop + 1 - terminator;
      const line = block.subarray(position, end);
      const problem = this.frameProblem(line, terminator, allowed, suspect, maxRecordBytes) ?? this.read(line);
      if (problem === undefined) {
        block[end] = LF;
        this.framed.good(block, position, end + 1, 1, base + position - from, this.line, terminator);
      } else {
        this.framed.bad(problem.code, problem.reason, line, base + position - from, this.line);
      }
      this.line++;
      position = stop + 1;
    }
    if (this.used > 0) this.canonical(Buffer.from(this.out.subarray(0, this.used)));
    this.used = 0;
    return position;
  }

  private frameProblem(line: Buffer, terminator: number, allowed: number, suspect: boolean, max: number): Problem | undefined {
    if (line.length > max) return { code: 'RECORD_SIZE', reason: tooLong(line.length, max) };
    if ((terminator & allowed) === 0) return { code: 'LINE_END', reason: terminator === 2 ? 'the line ends in CR LF, the contract says newline: lf' : 'the line ends in LF, the contract says newline: crlf' };
    if (suspect && !isUtf8(line)) return { code: 'ENCODING', reason: 'not valid UTF-8' };
    return undefined;
  }

  private read(line: Buffer): Problem | undefined {
    this.values.fill(undefined);
    let unknown: Set<string> | undefined;
    try {
      readJsonLine(line, (name, text) => {
        const index = this.indexes.get(name);
        if (index === undefined) {
          if (this.exact) throw new JsonProblem(`member ${JSON.stringify(name)} is not in the contract; declare headraceRecord.header: subset to leave it out`);
          if (unknown?.has(name)) throw new JsonProblem(`member ${JSON.stringify(name)} stands twice`);
          (unknown ??= new Set()).add(name);
          return;
        }
        if (this.values[index] !== undefined) throw new JsonProblem(`member ${JSON.stringify(name)} stands twice`);
        this.values[index] = text;
      });
    } catch (problem) {
      if (problem instanceof JsonProblem) return { code: 'JSON', reason: problem.reason };
      throw problem;
    }
    this.write();
    return undefined;
  }

  private write(): void {
    let most = this.values.length + 1;
    for (const value of this.values) if (value) most += 2 * value.length + 2;
    if (this.used + most > this.out.length) this.grow(most);
    const { out } = this;
    let used = this.used;
    for (let index = 0; index < this.values.length; index++) {
      if (index > 0) out[used++] = 44;
      const value = this.values[index];
      if (value === null || value === undefined) continue;
      out[used++] = QUOTE;
      if (value.indexOf(QUOTE) < 0) {
        out.set(value, used);
        used += value.length;
      } else {
        for (const byte of value) {
          if (byte === QUOTE) out[used++] = QUOTE;
          out[used++] = byte;
        }
      }
      out[used++] = QUOTE;
    }
    out[used++] = LF;
    this.used = used;
  }

  private grow(most: number): void {
    const larger = Buffer.allocUnsafe(Math.max(this.out.length * 2, this.used + most));
    this.out.copy(larger, 0, 0, this.used);
    this.out = larger;
  }
}

interface Problem { readonly code: FrameCode; readonly reason: string }
