import { DocumentFault } from '@headrace/runtime/curate/rows/document-framer';
import { JsonFramer } from '@headrace/runtime/curate/rows/json/json-framer';
import { guessRecordsAt } from './guess-records-at';

/** Records at the beginning of a JSON document. */
export interface JsonSample {
  /** JSON pointer to them; empty for the document itself. */
  readonly recordsAt: string;
  /** The text of each. */
  readonly texts: readonly string[];
}

/** What a file of JSON objects is: a document, or one in each line. */
export function isJsonDocument(text: string): boolean {
  const start = text.trimStart();
  if (start.startsWith('[')) return true;
  if (!start.startsWith('{')) return false;
  const [first, ...rest] = start.trimEnd().split('\n');
  const value = parsed(first!);
  if (!isObject(value)) return true;
  // A single line may be either; an object that holds a list of objects is an envelope around it.
  return rest.length === 0 && guessRecordsAt(start) !== '';
}

/** Reads the records of a document, also of one that is cut. Throws an error that names what is wrong. */
export function jsonSample(bytes: Buffer, { from, cut, most }: { from: string; cut: boolean; most: number }): JsonSample {
  const recordsAt = guessRecordsAt(bytes.toString('utf8'));
  const framer = new JsonFramer(recordsAt);
  const texts: string[] = [];
  const start = bytes.indexOf(BYTE_ORDER_MARK) === 0 ? BYTE_ORDER_MARK.length : 0;
  try {
    let begin = start;
    for (let at = start; texts.length < most;) {
      const event = framer.read(bytes, at, bytes.length);
      ({ at } = framer);
      if (event === 'begin') begin = at - 1;
      else if (event === 'end') texts.push(bytes.toString('utf8', begin, at));
      else break;
    }
    if (!cut && texts.length < most) framer.end();
  } catch (fault) {
    if (!(fault instanceof DocumentFault)) throw fault;
    throw new Error(`${from} is not one well-formed JSON document: ${fault.reason}, at byte ${framer.at}, line ${framer.line}`, { cause: fault });
  }
  return { recordsAt, texts };
}

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
