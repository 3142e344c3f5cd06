/** Controls, and what changes the direction of a line or takes no room: all that a terminal would obey, and nobody would see. */
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\\/g;

const SHORT: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Bytes as one line that is safe to print: UTF-8 as it is, all that cannot be seen escaped, bytes that are no UTF-8 as `\xNN`. */
export function printableText(bytes: Uint8Array): string {
  const valid = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  try {
    return escaped(valid.decode(bytes));
  } catch {
    return Array.from(bytes, (byte) => (byte < 0x80 ? escaped(String.fromCharCode(byte)) : `\\x${byte.toString(16).toUpperCase()}`)).join('');
  }
}

function escaped(text: string): string {
  return text.replace(UNSEEN, (sign) => SHORT[sign] ?? `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The text, cut to a number of characters. */
export function cutText(text: string, length: number): string {
  const signs = [...text];
  return signs.length <= length ? text : `${signs.slice(0, length - 1).join('')}…`;
}
