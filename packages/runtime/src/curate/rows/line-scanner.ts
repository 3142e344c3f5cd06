import { isUtf8 } from 'node:buffer';
import type { Dataset } from '../../contract/contract';
import { lineEnds } from './csv/csv-dialect';
import { suspicious } from './csv/csv-scanner';
import { NOT_UTF8, tooLong, type BlockScanner, type FramedRecords } from './framed-records';
import type { RecordProblem } from './json/json-records';

const LF = 10;
const CR = 13;

/** Re-tells records one by one. */
export interface LineRecords {
  /** Takes one line without its end, which is UTF-8; tells why it may not pass. */
  take(line: Buffer): RecordProblem | undefined;
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
    for (;;) {
      const stop = block.indexOf(LF, position);
      if (stop >= to) break;
      const terminator = stop > position && block[stop - 1] === CR && stop !== synthetic ? 2 : 1;
      const end = stop + 1 - terminator;
      const line = block.subarray(position, end);
      const problem = frameProblem(line, terminator, allowed, suspect, maxRecordBytes) ?? this.records.take(line);
      if (problem === undefined) {
        block[end] = LF;
        this.framed.good(block, position, end + 1, 1, base + position - from, this.line, terminator);
      } else {
        this.framed.bad(problem.code, problem.reason, line, base + position - from, this.line);
      }
      this.line++;
      position = stop + 1;
    }
    this.records.flush();
    return position;
  }
}

function frameProblem(line: Buffer, terminator: number, allowed: number, suspect: boolean, max: number): RecordProblem | undefined {
  if (line.length > max) return { code: 'RECORD_SIZE', reason: tooLong(line.length, max) };
  if ((terminator & allowed) === 0) return { code: 'LINE_END', reason: terminator === 2 ? 'the line ends in CR LF, the contract says newline: lf' : 'the line ends in LF, the contract says newline: crlf' };
  if (suspect && !isUtf8(line)) return { code: 'ENCODING', reason: NOT_UTF8 };
  return undefined;
}
