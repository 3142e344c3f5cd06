const CR = 13;
const LF = 10;
const TAB = 9;
const SPACE = 32;
const AMPERSAND = 38;
const SEMICOLON = 59;
const HASH = 35;

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', apos: "'", quot: '"' };

/** The characters of a text between markup: line ends are LF, references what they stand for. */
export function textOf(raw: Buffer): Buffer {
  return raw.includes(AMPERSAND) || raw.includes(CR) ? resolved(raw, false) : raw;
}

/** The value of an attribute: tabs and line ends in it are spaces, unless they are written as references. */
export function attributeOf(raw: Buffer): Buffer {
  for (const byte of raw) if (byte < SPACE || byte === AMPERSAND) return resolved(raw, true);
  return raw;
}

/** The characters of a CDATA section. */
export function cdataOf(raw: Buffer): Buffer {
  if (!raw.includes(CR)) return raw;
  const out = Buffer.allocUnsafe(raw.length);
  let used = 0;
  for (let at = 0; at < raw.length; at++) {
    if (raw[at] !== CR) out[used++] = raw[at]!;
    else if (raw[at + 1] !== LF) out[used++] = LF;
  }
  return out.subarray(0, used);
}

function resolved(raw: Buffer, attribute: boolean): Buffer {
  // No reference is shorter than what it stands for.
  const out = Buffer.allocUnsafe(raw.length);
  let used = 0;
  for (let at = 0; at < raw.length; at++) {
    const byte = raw[at]!;
    if (byte === AMPERSAND) {
      const end = raw.indexOf(SEMICOLON, at);
      used += out.write(characterOf(raw.toString('latin1', at + 1, end)), used);
      at = end;
    } else if (byte === CR) {
      if (raw[at + 1] !== LF) out[used++] = attribute ? SPACE : LF;
    } else {
      out[used++] = attribute && (byte === LF || byte === TAB) ? SPACE : byte;
    }
  }
  return out.subarray(0, used);
}

function characterOf(reference: string): string {
  if (reference.charCodeAt(0) !== HASH) return ENTITIES[reference]!;
  return String.fromCodePoint(reference[1] === 'x' ? Number.parseInt(reference.slice(2), 16) : Number.parseInt(reference.slice(1), 10));
}
