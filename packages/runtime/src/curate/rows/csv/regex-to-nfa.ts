/** A nondeterministic automaton over bytes: transitions on byte sets, and free moves. State 0 starts, `accept` ends. */
export interface Nfa {
  readonly moves: readonly { readonly bytes: Uint8Array; readonly to: number }[][];
  readonly free: readonly number[][];
  readonly accept: number;
}

/** More repetitions than this make tables that no longer fit the cache. */
const MAX_REPEAT = 64;

/**
 * Builds the automaton of a grammar: literals, escapes, classes, groups, alternation and greedy quantifiers, matched as
 * a whole; undefined for anything else. Only ASCII classes are understood; literals may be any text, also as `\x{…}`.
 */
export function regexToNfa(source: string): Nfa | undefined {
  try {
    return new Builder(source).build();
  } catch (error) {
    if (error instanceof Unsupported) return undefined;
    throw error;
  }
}

/** Length of `\x{10ffff}`. */
const MAX_CODE_CHARS = 10;

class Unsupported extends Error {}

/** Wires one expression between two states. */
type Fragment = (from: number, to: number) => void;

class Builder {
  private at = 0;
  private readonly moves: { bytes: Uint8Array; to: number }[][] = [];
  private readonly free: number[][] = [];
  private readonly sets = new Map<string, Uint8Array>();
  private readonly singles: Uint8Array[] = [];

  constructor(private readonly source: string) {}

  build(): Nfa {
    const start = this.state();
    const accept = this.state();
    const whole = this.alternation();
    if (this.at < this.source.length) throw new Unsupported();
    whole(start, accept);
    return { moves: this.moves, free: this.free, accept };
  }

  private alternation(): Fragment {
    const branches = [this.sequence()];
    while (this.source[this.at] === '|') {
      this.at++;
      branches.push(this.sequence());
    }
    return (from, to) => branches.forEach((branch) => branch(from, to));
  }

  private sequence(): Fragment {
    const parts: Fragment[] = [];
    while (this.at < this.source.length && !'|)'.includes(this.source[this.at]!)) parts.push(this.repeated());
    return (from, to) => {
      let state = from;
      for (const part of parts) {
        const next = this.state();
        part(state, next);
        state = next;
      }
      this.free[state]!.push(to);
    };
  }

  private repeated(): Fragment {
    const atom = this.atom();
    const [min, max] = this.quantifier();
    if (min === 1 && max === 1) return atom;
    if (max !== Infinity && max > MAX_REPEAT) throw new Unsupported();
    return (from, to) => {
      let state = from;
      for (let count = 0; count < min; count++) state = this.after(atom, state);
      if (max === Infinity) {
        // A state of its own, so that the loop is not entered from elsewhere.
        const loop = this.state();
        this.free[state]!.push(loop);
        const back = this.after(atom, loop);
        this.free[back]!.push(loop);
        state = loop;
      } else {
        for (let count = min; count < max; count++) {
          this.free[state]!.push(to);
          state = this.after(atom, state);
        }
      }
      this.free[state]!.push(to);
    };
  }

  private after(atom: Fragment, state: number): number {
    const next = this.state();
    atom(state, next);
    return next;
  }

  private quantifier(): [min: number, max: number] {
    const char = this.source[this.at];
    const bounds = char === '{' ? /^\{(\d+)(?:(,)(\d*))?\}/.exec(this.source.slice(this.at)) : null;
    let range: [number, number] = [1, 1];
    if (char === '?') range = [0, 1];
    else if (char === '*') range = [0, Infinity];
    else if (char === '+') range = [1, Infinity];
    else if (bounds) range = [Number(bounds[1]), bounds[2] === undefined ? Number(bounds[1]) : bounds[3] === '' ? Infinity : Number(bounds[3])];
    else return range;
    this.at += bounds ? bounds[0].length : 1;
    // Lazy and possessive forms, and quantified quantifiers.
    if ('?*+{'.includes(this.source[this.at] ?? ' ')) throw new Unsupported();
    return range;
  }

  private atom(): Fragment {
    const char = this.source[this.at]!;
    if (char === '(') return this.group();
    if (char === '[') return this.byteSet(this.charClass());
    if ('.^$*+?{}])'.includes(char)) throw new Unsupported();
    const coded = this.coded();
    if (coded !== undefined) return this.bytes(Buffer.from(coded, 'utf8'));
    if (char === '\\') return this.byteSet(this.single(this.escaped()));
    const [codePoint] = this.source.slice(this.at);
    this.at += codePoint!.length;
    return this.bytes(Buffer.from(codePoint!, 'utf8'));
  }

  private group(): Fragment {
    this.at++;
    if (this.source.startsWith('?:', this.at)) this.at += 2;
    else if (this.source[this.at] === '?') throw new Unsupported();
    const inner = this.alternation();
    if (this.source[this.at] !== ')') throw new Unsupported();
    this.at++;
    return inner;
  }

  private charClass(): Uint8Array {
    const begin = this.at;
    const set = new Uint8Array(256);
    this.at++;
    if (this.source[this.at] === '^') throw new Unsupported();
    while (this.source[this.at] !== ']') {
      const low = this.classMember();
      let high = low;
      if (this.source[this.at] === '-' && this.source[this.at + 1] !== ']') {
        this.at++;
        high = this.classMember();
      }
      if (high < low) throw new Unsupported();
      set.fill(1, low, high + 1);
    }
    this.at++;
    return this.shared(this.source.slice(begin, this.at), set);
  }

  private classMember(): number {
    const char = this.source[this.at];
    if (char === undefined || char === '[') throw new Unsupported();
    const coded = this.coded();
    if (coded === undefined && char === '\\') return this.escaped();
    const code = (coded ?? char).charCodeAt(0);
    if (code > 127) throw new Unsupported();
    if (coded === undefined) this.at++;
    return code;
  }

  /** The character of an escape such as `\x{2d}`, as RE2 writes it. */
  private coded(): string | undefined {
    if (!this.source.startsWith('\\x{', this.at)) return undefined;
    const escape = /^\\x\{([0-9a-fA-F]{1,6})\}/.exec(this.source.slice(this.at, this.at + MAX_CODE_CHARS));
    if (escape === null) return undefined;
    this.at += escape[0].length;
    return String.fromCodePoint(parseInt(escape[1]!, 16));
  }

  private escaped(): number {
    const char = this.source[this.at + 1] ?? '';
    // A letter or digit after a backslash is a class, an anchor or a reference.
    if (!/^[^A-Za-z0-9]$/.test(char) || char.charCodeAt(0) > 127) throw new Unsupported();
    this.at += 2;
    return char.charCodeAt(0);
  }

  private byteSet(set: Uint8Array): Fragment {
    return (from, to) => { this.moves[from]!.push({ bytes: set, to }); };
  }

  private bytes(bytes: Buffer): Fragment {
    return (from, to) => {
      let state = from;
      bytes.forEach((byte, index) => {
        const next = index === bytes.length - 1 ? to : this.state();
        this.moves[state]!.push({ bytes: this.single(byte), to: next });
        state = next;
      });
    };
  }

  private single(byte: number): Uint8Array {
    return this.singles[byte] ??= new Uint8Array(256).fill(1, byte, byte + 1);
  }

  /** One object for a class however often it is written: what works on the sets has fewer of them to look at than there are moves. */
  private shared(written: string, set: Uint8Array): Uint8Array {
    const known = this.sets.get(written) ?? set;
    this.sets.set(written, known);
    return known;
  }

  private state(): number {
    this.moves.push([]);
    this.free.push([]);
    return this.moves.length - 1;
  }
}
