import type { ElementReader } from './element-reader';

const ESCAPE = Buffer.from('_x');

/**
 * Reads an element of a string, to behind its end: its text, or that of its runs. Phonetic runs are no part of the text.
 *
 * @returns undefined for a text that Unicode cannot hold: half of a surrogate pair, in an escape
 */
export function readString(reader: ElementReader): Buffer | undefined {
  const texts: Buffer[] = [];
  for (let token = reader.next(); token !== 'close'; token = reader.next()) {
    if (token !== 'open') continue;
    if (reader.name === 't') texts.push(reader.content());
    else if (reader.name === 'r') run(reader, texts);
    else reader.skip();
  }
  // Of a single text nothing is copied.
  return unescaped(texts.length === 1 ? texts[0]! : Buffer.concat(texts));
}

function run(reader: ElementReader, texts: Buffer[]): void {
  for (let token = reader.next(); token !== 'close'; token = reader.next()) {
    if (token !== 'open') continue;
    if (reader.name === 't') texts.push(reader.content());
    else reader.skip();
  }
}

/** Resolves `_x000D_`, by which workbooks write characters that XML cannot hold; `_x005F_` is an underscore that would begin one. */
export function unescaped(text: Buffer): Buffer | undefined {
  if (!text.includes(ESCAPE)) return text;
  const resolved = text.toString().replace(/_x([0-9A-Fa-f]{4})_/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
  return /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(resolved) ? undefined : Buffer.from(resolved);
}
