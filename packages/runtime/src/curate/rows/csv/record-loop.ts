import {
  add, atLeast, atMost, below, both, byteAt, constant, differ, either, equal, get, repeat, set, setWord, shiftLeft, subtract, wasmModule, when,
  wordAt, type Code,
} from './wasm-code';
import { WebAssembly } from './web-assembly';

/** What a byte leads to that is not expected, that ends a record by LF, and by CR LF; anything else is the address of a row. */
export const UNEXPECTED = 0;
export const ENDED_LF = 1;
export const ENDED_CRLF = 2;

/** Where the class of each byte stands in memory. */
const CLASSES = 0;
/** Numbers of each lane: where it begins, where it must be at an end, where it came to, its records, and what stopped it where. */
const LANES_AT = 256;
const LANE_BYTES = 24;
const [BEGIN, LIMIT, CAME_TO, RECORDS, STOP, STOPPED_AT] = [0, 4, 8, 12, 16, 20];
/** Rows, of one number for each class. */
const TABLE = 512;

/** Measured: one lane reads 530 MB/s, two 840, four 980; the same loop in JavaScript read 390. */
export const LANES = 4;

/** Room for text: small enough that it is in the second-level cache still when the scanner comes to it. */
export const WINDOW_BYTES = 256 * 1024;

const PAGE_BYTES = 65_536;

/** The lane that runs by itself; what the others came to stays. */
export const SINGLE = LANES;

/**
 * Passes records through a table of states, in WebAssembly: a table look-up waits for the one before, so several lanes, which begin at
 * different records, take little longer than one.
 */
export class RecordLoop {
  private readonly bytes: Uint8Array;
  private readonly words: Int32Array;
  private readonly loops: Readonly<Record<'lanes' | 'single', (start: number, maxRecordBytes: number) => void>>;
  private readonly textAt: number;
  private readonly start: number;

  /**
   * @param rows what each class of bytes leads to, row by row: the number of a row, or an end with a minus sign; the first row is none
   * @param start number of the row that records begin with
   */
  constructor(classes: Uint8Array, rows: readonly Int32Array[], start: number, private readonly maxRecordBytes: number) {
    const rowBytes = rows[0]!.length * 4;
    this.textAt = TABLE + rows.length * rowBytes;
    const memory = new WebAssembly.Memory({ initial: Math.ceil((this.textAt + WINDOW_BYTES + 2) / PAGE_BYTES) });
    this.bytes = new Uint8Array(memory.buffer);
    this.words = new Int32Array(memory.buffer);
    this.bytes.set(classes, CLASSES);
    const table = this.words.subarray(TABLE / 4, this.textAt / 4);
    // The first row stands for the ends and leads to itself.
    table.fill(TABLE, 0, rowBytes / 4);
    for (let number = 1, at = rowBytes / 4; number < rows.length; number++) {
      for (const to of rows[number]!) table[at++] = to <= 0 ? -to : TABLE + to * rowBytes;
    }
    this.start = TABLE + start * rowBytes;
    this.loops = new WebAssembly.Instance(compiled(), { m: { memory } }).exports as RecordLoop['loops'];
  }

  /** Takes a text of up to {@link WINDOW_BYTES}, with one byte behind it: a line end that ends every lane. */
  load(text: Uint8Array): void {
    this.bytes.set(text, this.textAt);
  }

  /**
   * Runs all lanes. Nothing is made for it or for {@link single}, since a source may come to nothing but single records.
   *
   * @param starts of lanes, ascending; each goes up to the next one, the last to `to`
   */
  lanes(starts: readonly number[], to: number): void {
    // A lane that is not needed is at its limit from the beginning.
    for (let lane = 0; lane < LANES; lane++) this.begin(lane, starts[lane] ?? to, starts[lane + 1] ?? to);
    this.loops.lanes(this.start, this.maxRecordBytes);
  }

  /** Runs {@link SINGLE} from a record on, up to a line end. */
  single(from: number, limit: number): void {
    this.begin(SINGLE, from, limit);
    this.loops.single(this.start, this.maxRecordBytes);
  }

  /** Where the first record begins that the lane did not pass. */
  cameTo(lane: number): number {
    return this.words[wordOf(lane, CAME_TO)]! - this.textAt;
  }

  /** How many it passed. */
  records(lane: number): number {
    return this.words[wordOf(lane, RECORDS)]!;
  }

  /** {@link ENDED_LF} at the lane's limit; what it met otherwise. */
  stop(lane: number): number {
    return this.words[wordOf(lane, STOP)]!;
  }

  /** Past the byte that it met. */
  stoppedAt(lane: number): number {
    return this.words[wordOf(lane, STOPPED_AT)]! - this.textAt;
  }

  private begin(lane: number, from: number, limit: number): void {
    this.words[wordOf(lane, BEGIN)] = this.textAt + from;
    this.words[wordOf(lane, LIMIT)] = this.textAt + limit;
  }
}

function wordOf(lane: number, offset: number): number {
  return (LANES_AT + lane * LANE_BYTES + offset) >> 2;
}

let code: object | undefined;

/** One module for all tables, so that the engine makes it fast once. */
function compiled(): object {
  const loops = [{ name: 'lanes', numbers: Array.from({ length: LANES }, (_, lane) => lane) }, { name: 'single', numbers: [SINGLE] }]
    .map(({ name, numbers }) => ({ name, parameters: 2, locals: LOCALS * numbers.length, body: loop(numbers) }));
  return code ??= new WebAssembly.Module(wasmModule(loops));
}

/** Of a lane. */
const LOCALS = 5;

function loop(lanes: readonly number[]): Code {
  const [start, maxRecordBytes] = [get(0), get(1)];
  const all = lanes.map((lane, index) => {
    const local = (number: number): number => 2 + index * LOCALS + number;
    const [state, position, record, records, limit] = [local(0), local(1), local(2), local(3), local(4)];
    const slot = (offset: number): number => LANES_AT + lane * LANE_BYTES + offset;
    const word = (offset: number): Code => wordAt(constant(0), slot(offset));
    const keep = (offset: number, value: Code): Code => setWord(constant(0), slot(offset), value);
    // The first row leads to itself. Its lane reads on from where the first one began, so that it comes no farther than the others do.
    const park = [...set(state, constant(TABLE)), ...set(position, wordAt(constant(0), LANES_AT + lanes[0]! * LANE_BYTES + BEGIN))];
    const bytes = subtract(subtract(get(position), get(record)), constant(1));
    const whole = both([equal(get(state), constant(ENDED_LF)), atMost(get(position), get(limit)), atMost(bytes, maxRecordBytes)]);
    return {
      active: differ(get(state), constant(TABLE)),
      inside: atLeast(get(state), constant(TABLE)),
      begin: [
        ...set(position, word(BEGIN)), ...set(record, get(position)), ...set(limit, word(LIMIT)), ...set(state, start),
        ...keep(STOP, constant(ENDED_LF)),
        ...when(equal(get(position), get(limit)), park),
      ],
      step: [
        ...set(state, wordAt(add(get(state), shiftLeft(byteAt(byteAt(get(position))), 2)))),
        ...set(position, add(get(position), constant(1))),
      ],
      end: when(below(get(state), constant(TABLE)), when(
        whole,
        [
          ...set(record, get(position)), ...set(records, add(get(records), constant(1))), ...set(state, start),
          ...when(equal(get(position), get(limit)), park),
        ],
        [...keep(STOP, get(state)), ...keep(STOPPED_AT, get(position)), ...park],
      )),
      told: [...keep(CAME_TO, get(record)), ...keep(RECORDS, get(records))],
    };
  });
  const active = either(all.map((lane) => lane.active));
  return [
    ...all.flatMap(({ begin }) => begin),
    ...when(active, repeat([
      ...repeat(all.flatMap(({ step }) => step), both(all.map(({ inside }) => inside))),
      ...all.flatMap(({ end }) => end),
    ], active)),
    ...all.flatMap(({ told }) => told),
  ];
}
