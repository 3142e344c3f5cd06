/** A pattern as RE2 reads it, or why it is refused and what to write instead. */
export type TranslatedPattern = { readonly re2: string } | { readonly message: string; readonly fix: string };

// RE2 counts nested repetitions together and refuses more than this.
const MAX_REPEAT = 1000;
const MAX_PATTERN = 2000;
const MAX_NESTING = 50;

// The classes of ECMA-262, spelled out: RE2's own differ in what white space is, and both know ASCII digits only.
const SPACE = '\\t\\n\\x0b\\x0c\\r \\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}\\x{feff}';
const CLASSES: Readonly<Record<string, string>> = { d: '0-9', w: 'A-Za-z0-9_', s: SPACE };
const LINE_ENDS = '\\n\\r\\x{2028}\\x{2029}';
const CONTROLS: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13 };

/**
 * Turns a pattern of the contract (ECMA-262, as with the flag `u`) into one that RE2 reads with the same meaning.
 *
 * Literals, classes, groups, alternation, greedy quantifiers, `^`, `$` and `\b` are taken. What RE2 lacks or means
 * differently is refused by name.
 */
export function translatePattern(pattern: string): TranslatedPattern {
  if (pattern.length > MAX_PATTERN) return { message: `a pattern has at most ${MAX_PATTERN} characters`, fix: 'split the rule, or use minLength and maxLength' };
  try {
    return { re2: new Translator([...pattern]).translate() };
  } catch (error) {
    if (error instanceof Refusal) return { message: error.message, fix: error.fix };
    throw error;
  }
}

class Refusal extends Error {
  constructor(message: string, readonly fix: string) {
    super(message);
  }
}

/** What was just read: its RE2 text, and how often it can repeat an atom inside. */
interface Piece {
  readonly re2: string;
  readonly repeats: number;
  readonly quantifiable: boolean;
}

class Translator {
  private next = 0;

  constructor(private readonly chars: readonly string[]) {}

  translate(): string {
    const { re2 } = this.alternatives(0);
    if (this.next < this.chars.length) throw new Refusal('a ) closes no group', 'write \\) for the character itself');
    return re2;
  }

  private alternatives(depth: number): { re2: string; repeats: number } {
    if (depth > MAX_NESTING) throw new Refusal('groups are nested too deeply', 'simplify the pattern');
    let re2 = '';
    let repeats = 1;
    while (this.next < this.chars.length && this.peek() !== ')') {
      if (this.peek() === '|') {
        re2 += this.take();
        continue;
      }
      const piece = this.quantified(this.piece(depth));
      re2 += piece.re2;
      repeats = Math.max(repeats, piece.repeats);
    }
    return { re2, repeats };
  }

  private piece(depth: number): Piece {
    const char = this.take();
    switch (char) {
      case '^':
        return { re2: '\\A', repeats: 1, quantifiable: false };
      case '$':
        return { re2: '\\z', repeats: 1, quantifiable: false };
      case '.':
        return { re2: `[^${LINE_ENDS}]`, repeats: 1, quantifiable: true };
      case '(':
        return this.group(depth);
      case '[':
        return { re2: this.characterClass(), repeats: 1, quantifiable: true };
      case '\\':
        return this.escape();
      case '*':
      case '+':
      case '?':
        throw new Refusal(`${char} has nothing to repeat`, `write \\${char} for the character itself`);
      case '{':
      case '}':
      case ']':
        throw new Refusal(`${char} stands alone`, `write \\${char} for the character itself`);
      default:
        return { re2: literal(char), repeats: 1, quantifiable: true };
    }
  }

  private group(depth: number): Piece {
    if (this.peek() === '?') {
      const kind = this.chars.slice(this.next, this.next + 3).join('');
      if (/^\?(=|!|<=|<!)/.test(kind)) throw new Refusal('look-ahead and look-behind are not supported', 'state the rule in one pattern without (?= (?! (?<= or (?<!');
      if (kind.startsWith('?<')) throw new Refusal('named groups are not supported', 'write a plain group ( )');
      if (!kind.startsWith('?:')) throw new Refusal('flags inside a pattern are not supported', 'spell both cases out, as in [Aa]');
      this.next += 2;
    }
    const inner = this.alternatives(depth + 1);
    if (this.peek() !== ')') throw new Refusal('a ( is not closed', 'close it, or write \\( for the character itself');
    this.next += 1;
    return { re2: `(?:${inner.re2})`, repeats: inner.repeats, quantifiable: true };
  }

  private quantified(piece: Piece): Piece {
    const quantifier = this.quantifier();
    if (quantifier === undefined) return piece;
    if (!piece.quantifiable) throw new Refusal('^, $ and \\b cannot be repeated', 'leave the quantifier out');
    if (this.peek() === '?') throw new Refusal('lazy quantifiers are not supported', 'leave the ? after the quantifier out: a pattern only tells match or no match');
    if (this.quantifier() !== undefined) throw new Refusal('a quantifier follows a quantifier', 'put the first part in a group');
    const repeats = piece.repeats * quantifier.count;
    if (repeats > MAX_REPEAT) throw new Refusal(`repetitions multiply to more than ${MAX_REPEAT}`, 'use * or +, and minLength and maxLength for the length');
    return { re2: piece.re2 + quantifier.text, repeats, quantifiable: true };
  }

  private quantifier(): { text: string; count: number } | undefined {
    const char = this.peek();
    if (char === '*' || char === '+' || char === '?') return { text: this.take(), count: 1 };
    if (char !== '{') return undefined;
    const rest = this.chars.slice(this.next, this.next + 12).join('');
    const match = /^\{(\d{1,4})(,(\d{1,4})?)?\}/.exec(rest);
    if (!match) throw new Refusal('{ does not begin a quantifier', 'write {n}, {n,} or {n,m}, or \\{ for the character itself');
    this.next += match[0].length;
    const low = Number(match[1]);
    const high = match[3] === undefined ? low : Number(match[3]);
    if (high < low) throw new Refusal(`${match[0]} ends before it begins`, 'write the smaller number first');
    return { text: match[0], count: Math.max(low, high, 1) };
  }

  private escape(): Piece {
    const char = this.peek() ?? '';
    if (char === 'b' || char === 'B') {
      this.next += 1;
      return { re2: `\\${char}`, repeats: 1, quantifiable: false };
    }
    if (/[1-9k]/.test(char)) throw new Refusal('back-references are not supported', 'state the rule without \\1 or \\k');
    const lower = char.toLowerCase();
    const known = CLASSES[lower];
    if (known !== undefined) {
      this.next += 1;
      return { re2: `[${char === lower ? '' : '^'}${known}]`, repeats: 1, quantifiable: true };
    }
    return { re2: literal(this.escapedCharacter()), repeats: 1, quantifiable: true };
  }

  /** The character after a backslash, for escapes that stand for one character. */
  private escapedCharacter(): string {
    if (this.next >= this.chars.length) throw new Refusal('the pattern ends in a backslash', 'write \\\\ for the character itself');
    const char = this.take();
    const control = CONTROLS[char];
    if (control !== undefined) return String.fromCodePoint(control);
    if (char === 'x' || char === 'u') return this.hexCharacter(char);
    if (char === 'p' || char === 'P') throw new Refusal('Unicode properties are not supported', 'list the characters in a class, as in [A-Za-zÀ-ÿ]');
    if (/[A-Za-z0-9]/.test(char)) throw new Refusal(`\\${char} is not an escape of this subset`, `write ${char} for the character itself`);
    return char;
  }

  private hexCharacter(kind: string): string {
    const rest = this.chars.slice(this.next, this.next + 10).join('');
    const match = (kind === 'x' ? /^([0-9a-fA-F]{2})/ : /^(?:([0-9a-fA-F]{4})|\{([0-9a-fA-F]{1,6})\})/).exec(rest);
    const code = parseInt(match?.[1] ?? match?.[2] ?? '', 16);
    if (!match || !(code <= 0x10ffff) || (code >= 0xd800 && code <= 0xdfff)) {
      throw new Refusal(`\\${kind} needs the code of a character`, 'write \\x41, \\u0041 or \\u{1F600}');
    }
    this.next += match[0].length;
    return String.fromCodePoint(code);
  }

  private characterClass(): string {
    const negated = this.peek() === '^' ? this.take() : '';
    let members = '';
    while (this.peek() !== ']') {
      if (this.next >= this.chars.length) throw new Refusal('a [ is not closed', 'close it, or write \\[ for the character itself');
      const low = this.classMember();
      if (this.peek() === '-' && this.chars[this.next + 1] !== ']' && this.next + 1 < this.chars.length) {
        this.next += 1;
        const high = this.classMember();
        if (low.char === undefined || high.char === undefined) throw new Refusal('a range ends in a class such as \\d', 'write \\- for the character itself');
        if ((low.char.codePointAt(0) ?? 0) > (high.char.codePointAt(0) ?? 0)) throw new Refusal(`the range ${low.char}-${high.char} ends before it begins`, 'write the smaller character first');
        members += `${low.re2}-${high.re2}`;
      } else {
        members += low.re2;
      }
    }
    this.next += 1;
    if (members === '') throw new Refusal('an empty class matches nothing or everything', 'name the characters');
    return `[${negated}${members}]`;
  }

  private classMember(): { re2: string; char?: string } {
    const char = this.take();
    if (char !== '\\') return { re2: literal(char), char };
    const escaped = this.peek() ?? '';
    if (CLASSES[escaped] !== undefined) {
      this.next += 1;
      return { re2: CLASSES[escaped] as string };
    }
    if (/[DWS]/.test(escaped)) throw new Refusal(`\\${escaped} inside a class is not supported`, 'negate the whole class, or list the characters');
    if (escaped === 'b') throw new Refusal('\\b inside a class is not supported', 'write \\x08 for a backspace');
    if (/[1-9k]/.test(escaped)) throw new Refusal(`\\${escaped} is not an escape of this subset`, `write ${escaped} for the character itself`);
    const one = this.escapedCharacter();
    return { re2: literal(one), char: one };
  }

  private peek(): string | undefined {
    return this.chars[this.next];
  }

  private take(): string {
    const char = this.chars[this.next] as string;
    this.next += 1;
    return char;
  }
}

/** A character that stands for itself, inside a class and outside. */
function literal(char: string): string {
  if (/[A-Za-z0-9_ ]/.test(char)) return char;
  return `\\x{${(char.codePointAt(0) ?? 0).toString(16)}}`;
}
