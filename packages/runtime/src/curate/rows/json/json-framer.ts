import { DocumentFault, type DocumentFramer, type FrameEvent } from '../document-framer';
import { ACTION, expected, FIRST_ACTION, MOVES, STATE, VALUE_STATES } from './json-grammar';
import { MAX_DEPTH } from './json-record';
import { JsonRecordsPlace } from './json-records-place';

const OPEN_OBJECT = 123;
const OPEN_ARRAY = 91;

/**
 * Finds the records of a JSON document while its bytes pass, in memory that does not depend on them.
 *
 * Every byte is checked against the grammar of RFC 8259. Throws {@link DocumentFault}.
 */
export class JsonFramer implements DocumentFramer {
  at = 0;
  line = 1;
  inRecord = false;
  /** The first byte of a record tells that it is one. */
  pending = 0;
  readonly place: JsonRecordsPlace;
  private state: number = STATE.VALUE;
  private depth = 0;
  /** By depth: 1 for an object. */
  private readonly objects = new Uint8Array(MAX_DEPTH + 1);
  /** Containers around the open record. */
  private around = 0;
  private inKey = false;
  private watchesKey = false;

  /** @param recordsAt JSON pointer to the list of records, or to the one record */
  constructor(recordsAt: string) {
    this.place = new JsonRecordsPlace(recordsAt);
  }

  /** Looks on in `block[from, to)`, to the next event. */
  read(block: Buffer, from: number, to: number): FrameEvent {
    let { state } = this;
    let keyFrom = from;
    let at = from;
    while (at < to) {
      const move = MOVES[(state << 8) | block[at]!]!;
      if (move < FIRST_ACTION) {
        state = move;
        at++;
        continue;
      }
      let event: FrameEvent = 'more';
      switch (move) {
        case ACTION.NEWLINE:
          this.line++;
          at++;
          continue;
        case ACTION.VALUE: {
          const byte = block[at++]!;
          if (this.begin(byte, at)) event = 'begin';
          ({ state } = this);
          break;
        }
        case ACTION.KEY:
          this.inKey = true;
          this.watchesKey = !this.inRecord && this.place.looksAt(this.depth);
          state = this.inRecord ? STATE.TEXT : STATE.STRICT_TEXT;
          keyFrom = ++at;
          break;
        case ACTION.TEXT_END:
          if (this.watchesKey) this.place.takeKey(block.subarray(keyFrom, at), true);
          at++;
          if (this.inKey) {
            this.inKey = this.watchesKey = false;
            state = STATE.COLON;
            break;
          }
          if (this.ended()) event = 'end';
          ({ state } = this);
          break;
        case ACTION.CLOSE:
          at++;
          this.depth--;
          if (!this.inRecord) this.place.ends(this.depth);
          if (this.ended()) event = 'end';
          ({ state } = this);
          break;
        case ACTION.NUMBER_END:
        case ACTION.WORD_END:
          if (move === ACTION.WORD_END) at++;
          if (this.ended()) event = 'end';
          ({ state } = this);
          break;
        default:
          this.at = at;
          throw new DocumentFault(`expected ${expected(state)}`);
      }
      if (event !== 'more') {
        this.at = at;
        this.pending = event === 'begin' ? 1 : 0;
        return event;
      }
    }
    this.pending = 0;
    if (this.watchesKey) this.place.takeKey(block.subarray(keyFrom, at), false);
    this.state = state;
    this.at = at;
    return 'more';
  }

  /** The document ends here. */
  end(): void {
    const { state } = this;
    const number = state === STATE.ZERO || state === STATE.INTEGER || state === STATE.FRACTION || state === STATE.EXPONENT;
    if (state !== STATE.DONE && !(number && this.depth === 0)) throw new DocumentFault(`it ends where ${expected(state)} is expected`);
  }

  /** A value begins; true where it is a record. */
  private begin(byte: number, at: number): boolean {
    const starts = !this.inRecord && this.place.begins(byte, this.depth);
    if (starts) {
      this.inRecord = true;
      this.around = this.depth;
    }
    this.state = VALUE_STATES[byte]!;
    if (this.state === STATE.TEXT && !this.inRecord) this.state = STATE.STRICT_TEXT;
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      if (this.depth === MAX_DEPTH) {
        this.at = at - 1;
        throw new DocumentFault(`expected no more than ${MAX_DEPTH.toLocaleString('en-US')} objects and arrays in each other`);
      }
      this.objects[++this.depth] = byte === OPEN_OBJECT ? 1 : 0;
    }
    return starts;
  }

  /** A value has ended; true where it was a record. */
  private ended(): boolean {
    const { depth } = this;
    this.state = depth === 0 ? STATE.DONE : this.objects[depth] === 1 ? STATE.AFTER_MEMBER : STATE.AFTER_ELEMENT;
    if (!this.inRecord || depth !== this.around) return false;
    this.inRecord = false;
    return true;
  }
}
