import { isUtf8 } from 'node:buffer';
import type { Dataset } from '../../contract/contract';
import { lineEnds } from './csv/csv-dialect';
import { suspicious } from './csv/csv-scanner';
import { NOT_UTF8, tooLong, type BlockScanner, type FramedRecords } from './framed-records';
import type { RecordProblem } from './json/json-records';

const LF = 10;
const CR = 13;
const EITHER = lineEnds('auto');

/** Re-tells records one by one. */
export interface LineRecords {
  /** Takes one line without its end, which is UTF-8: the bytes from `start` up to `end`; tells why it may not pass. */
  take(bytes: Buffer, start: number, end: number): RecordProblem | undefined;
  /** Hands over what has been re-told. */
  flush(): void;
}

/** Finds records that are lines, whatever they hold, and has each re-told as a record of texts. */
export class LineScanner implements BlockScanner {
  line: number;

  constructor(private readonly dataset: Dataset, private readonly framed: FramedRecords, private readonly records: LineRecords, firstLine: number) {
    this.line = firstLine;
  }

  scan(block: Buffer, from: number, to: number, base: number, synthetic = -1): number {
    const { maxRecordBytes, newline } = this.dataset.record;
    const allowed = lineEnds(newline);
    const suspect = suspicious(block, from, to);
    block[to] = LF;
    let position = from;
    let run = { start: from, records: 0, line: this.line };
    const hand = (stop: number): void => {
      const { start, records, line } = run;
      if (records > 0) this.framed.good(block, start, stop, records, base + start - from, line, 1);
    };
    for (;;) {
      const stop = block.indexOf(LF, position);
      if (stop >= to) break;
      const terminator = stop > position && block[stop - 1] === CR && stop !== synthetic ? 2 : 1;
      const end = stop + 1 - terminator;
      // The last line may lack its end, whatever that must be.
      const ends = stop === synthetic ? EITHER : allowed;
      const problem = frameProblem(block, position, end, terminator, ends, suspect, maxRecordBytes) ?? this.records.take(block, position, end);
      if (problem === undefined && terminator === 1) {
        run.records++;
      } else {
        // A line that ends in one byte is told with those around it, and no other.
        hand(position);
        if (problem === undefined) {
          block[end] = LF;
          this.framed.good(block, position, end + 1, 1, base + position - from, this.line, terminator);
        } else {
          this.framed.bad(problem.code, problem.reason, block.subarray(position, end), base + position - from, this.line);
        }
        run = { start: stop + 1, records: 0, line: this.line + 1 };
      }
      this.line++;
      position = stop + 1;
    }
    hand(position);
    this.records.flush();
    return position;
  }
}

function frameProblem(
  block: Buffer, start: number, end: number, terminator: number, allowed: number, suspect: boolean, max: number,
): RecordProblem | undefined {
  if (end - start > max) return { code: 'RECORD_SIZE', reason: tooLong(end - start, max) };
  if ((terminator & allowed) === 0) return { code: 'LINE_END', reason: terminator === 2 ? 'the line ends in CR LF, the contract says newline: lf' : 'the line ends in LF, the contract says newline: crlf' };
  if (suspect && !isUtf8(block.subarray(start, end))) return { code: 'ENCODING', reason: NOT_UTF8 };
  return undefined;
}
