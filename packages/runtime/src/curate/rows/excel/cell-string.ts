import type { ElementReader } from './element-reader';

const ESCAPE = Buffer.from('_x');
/** What strings have that is no part of their text. */
const BESIDE = new Set(['rPh', 'phoneticPr', 'extLst']);

/**
 * Reads an element of a string, to behind its end: its text, or that of its runs. Phonetic runs are no part of the text.
 *
 * @returns undefined for what is no text: half of a surrogate pair, in an escape, and elements that strings do not have
 */
export function readString(reader: ElementReader): Buffer | undefined {
  const texts: Buffer[] = [];
  let other = false;
  for (let token = reader.next(); token !== 'close'; token = reader.next()) {
    if (token !== 'open') continue;
    if (reader.name === 't') other = text(reader, texts) || other;
    else if (reader.name === 'r') other = run(reader, texts) || other;
    else {
      other ||= !BESIDE.has(reader.name);
      reader.skip();
    }
  }
  if (other) return undefined;
  // Of a single text nothing is copied.
  return unescaped(texts.length === 1 ? texts[0]! : Buffer.concat(texts));
}

/** True where it has something else. */
function run(reader: ElementReader, texts: Buffer[]): boolean {
  let other = false;
  for (let token = reader.next(); token !== 'close'; token = reader.next()) {
    if (token !== 'open') continue;
    if (reader.name === 't') {
      other = text(reader, texts) || other;
    } else {
      other ||= reader.name !== 'rPr';
      reader.skip();
    }
  }
  return other;
}

/** True where it holds an element. */
function text(reader: ElementReader, texts: Buffer[]): boolean {
  const found = reader.content();
  if (found !== undefined) texts.push(found);
  return found === undefined;
}

/** Resolves `_x000D_`, by which workbooks write characters that XML cannot hold; `_x005F_` is an underscore that would begin one. */
export function unescaped(text: Buffer): Buffer | undefined {
  if (!text.includes(ESCAPE)) return text;
  const resolved = text.toString().replace(/_x([0-9A-Fa-f]{4})_/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
  return /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(resolved) ? undefined : Buffer.from(resolved);
}
