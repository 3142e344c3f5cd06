/** An object or array of a document, while it is open. */
interface Open {
  readonly isArray: boolean;
  /** Where it is; undefined below an array, where no pointer to records may lead. */
  readonly pointer: string | undefined;
  readonly from: number;
  /** The last key of an object. */
  key: string;
  /** Whether an array has objects. */
  list: boolean;
}

/**
 * The JSON pointer to the longest list of objects that only objects lead to; empty where there is none, for the document itself.
 *
 * The document may be cut.
 */
export function guessRecordsAt(text: string): string {
  const open: Open[] = [];
  let best = { pointer: '', length: 0 };
  let last = '';
  const close = ({ list, pointer, from }: Open, end: number): void => {
    if (list && pointer !== undefined && end - from > best.length) best = { pointer, length: end - from };
  };
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s{}[\]:,"]+/g)) {
    const top = open.at(-1);
    if (token === ':' && top !== undefined) top.key = textOf(last);
    if (token === '{' && top?.isArray === true) top.list = true;
    if (token === '{' || token === '[') open.push({ isArray: token === '[', pointer: pointerWithin(top), from: index, key: '', list: false });
    if ((token === '}' || token === ']') && top !== undefined) close(open.pop()!, index);
    last = token;
  }
  for (const each of open) close(each, text.length);
  return best.pointer;
}

function pointerWithin(around: Open | undefined): string | undefined {
  if (around === undefined) return '';
  return around.isArray || around.pointer === undefined ? undefined : `${around.pointer}/${around.key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** What the quotes hold; of a document that is malformed, the token as it stands. */
function textOf(token: string): string {
  try {
    return String(JSON.parse(token));
  } catch {
    return token;
  }
}
