import { isUtf8 } from 'node:buffer';
import { DocumentFault, type FrameEvent } from '../document-framer';
import { XmlFramer } from '../xml/xml-framer';
import { ExcelFault } from './excel-fault';
import { PartPlace } from './part-place';

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

const ROOM = 256 * 1024;
/** Blocks of the archive are small, and a write of each costs more than reading it. */
const FLUSH_BYTES = 256 * 1024;

/** What takes the elements of a part, each with whole bytes that are valid only during the call. */
export interface ElementTaker {
  /** Name of the part, for errors. */
  readonly part: string;
  /** Local names from the root to the elements. */
  readonly path: readonly string[];
  /** Whether nothing else may stand beside the elements. */
  readonly only?: boolean;
  /** In bytes, of an element and of what precedes the first. */
  readonly longest: number;
  /** Takes what precedes the first element, or the whole part where there is none. */
  head?(bytes: Buffer): void;
  /** True where what was made of elements since the last flush is so much that a flush cannot wait. */
  element(bytes: Buffer): boolean | void;
  /** Called now and then between elements; what follows the last call is for the caller. */
  flush?(): Promise<void>;
}

/** Hands on elements of a part while its bytes pass; every byte is checked for well-formedness, and a document type is refused. */
export async function readElements(chunks: AsyncIterable<Uint8Array>, taker: ElementTaker): Promise<void> {
  const { part, path, only = false, longest } = taker;
  const place = new PartPlace(path, only);
  const framer = new XmlFramer(place, 'utf-8');
  let head: Buffer[] | undefined = [];
  let headBytes = 0;
  // What is left of a block is at the front of the next one, in the same room: an element that takes many blocks is copied once or twice.
  let room = Buffer.allocUnsafe(ROOM);
  let used = 0;
  let begun = false;
  let pending = 0;
  const read = (block: Buffer, at: number): FrameEvent => {
    try {
      const event = framer.read(block, at, block.length);
      if (place.trouble !== undefined) throw new DocumentFault(place.trouble);
      return event;
    } catch (fault) {
      throw broken(fault, part, framer.line);
    }
  };
  const tooLong = (): ExcelFault => new ExcelFault(`${part} has more than ${longest} bytes in one element`, 'have the source write it anew');
  for await (const chunk of chunks) {
    if (room.length < used + chunk.length) {
      const larger = Buffer.allocUnsafe(Math.max(2 * room.length, used + chunk.length));
      room.copy(larger, 0, 0, used);
      room = larger;
    }
    room.set(chunk, used);
    let block = room.subarray(0, used + chunk.length);
    let at = used;
    used = block.length;
    if (!begun) {
      if (block.length < BYTE_ORDER_MARK.length) continue;
      at = 0;
      if (block.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK)) block = block.subarray(BYTE_ORDER_MARK.length);
      begun = true;
    }
    let begin = 0;
    for (let event = read(block, at); event !== 'more'; event = read(block, at)) {
      ({ at } = framer);
      if (event === 'begin') {
        begin = at - framer.pending;
        if (head !== undefined) {
          taker.head?.(Buffer.concat([...head, block.subarray(0, begin)]));
          head = undefined;
        }
        continue;
      }
      const element = block.subarray(begin, at);
      if (element.length > longest) throw tooLong();
      if (!isUtf8(element)) throw new ExcelFault(`${part} is not UTF-8 before line ${framer.line}`);
      if (taker.element(element) !== true) continue;
      pending = 0;
      await taker.flush?.();
    }
    const keep = framer.inRecord ? begin : block.length - framer.pending;
    if (head !== undefined) {
      head.push(Buffer.from(block.subarray(0, keep)));
      headBytes += keep;
    }
    if (block.length - keep > longest || headBytes > longest) throw tooLong();
    used = block.length - keep;
    room.set(block.subarray(keep), 0);
    pending += chunk.length;
    if (pending < FLUSH_BYTES) continue;
    pending = 0;
    await taker.flush?.();
  }
  try {
    if (!begun) throw new DocumentFault('it is empty');
    framer.end();
    const missing = place.missing();
    if (missing !== undefined) throw new DocumentFault(missing);
  } catch (fault) {
    throw broken(fault, part, framer.line);
  }
  if (head !== undefined) taker.head?.(Buffer.concat(head));
}

function broken(fault: unknown, part: string, line: number): unknown {
  return fault instanceof DocumentFault ? new ExcelFault(`${part} is not well formed: ${fault.reason}, at line ${line}`) : fault;
}
