import { ErrorName } from './error-names';
import { intrinsicFunctions } from './intrinsic-functions';
import type { Json } from './json';
import { selectPath, type PathRoots } from './json-path';
import { TaskFailure } from './task-failure';

/** Tells whether a payload template's text is an intrinsic call and not a path. */
export function isIntrinsic(text: string): boolean {
  return text.startsWith('States.');
}

/**
 * Evaluates an intrinsic call such as `States.Format('run {}', $.id)`.
 *
 * @throws TaskFailure `States.IntrinsicFailure` for a wrong argument, `States.Runtime` for a wrong expression or path
 */
export function evaluateIntrinsic(text: string, roots: PathRoots): Json {
  return new IntrinsicParser(text, roots).run();
}

/** Recursive descent over the call syntax; it evaluates while it reads. */
class IntrinsicParser {
  private at = 0;

  constructor(private readonly text: string, private readonly roots: PathRoots) {}

  run(): Json {
    const value = this.call();
    this.skipSpace();
    if (this.at < this.text.length) this.fail('unexpected text');
    return value;
  }

  private call(): Json {
    const name = this.take(/States\.[A-Za-z0-9]+/y) ?? this.fail('a function was expected');
    const apply = intrinsicFunctions[name.slice('States.'.length)];
    if (apply === undefined) this.fail(`${name} is no intrinsic function`);
    this.skipSpace();
    this.expect('(');
    const args: Json[] = [];
    this.skipSpace();
    if (this.text[this.at] === ')') {
      this.at++;
    } else {
      for (;;) {
        args.push(this.argument());
        this.skipSpace();
        if (this.text[this.at] === ')') break;
        this.expect(',');
      }
      this.at++;
    }
    try {
      return apply(args);
    } catch (error) {
      throw new TaskFailure(ErrorName.intrinsicFailure, `${name} in ${this.text}: ${(error as Error).message}`);
    }
  }

  private argument(): Json {
    this.skipSpace();
    const first = this.text[this.at];
    if (first === "'") return this.quoted();
    if (first === '$') return selectPath(this.path(), this.roots);
    if (this.text.startsWith('States.', this.at)) return this.call();
    const literal = this.take(/true|false|null|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y);
    return literal === undefined ? this.fail('an argument was expected') : (JSON.parse(literal) as Json);
  }

  private quoted(): string {
    let value = '';
    for (this.at++; this.text[this.at] !== "'"; this.at++) {
      if (this.at >= this.text.length) this.fail('a quote is not closed');
      if (this.text[this.at] === '\\') {
        this.at++;
        // States.Format tells an escaped brace from a placeholder, so those escapes stay for it to see.
        if ('{}'.includes(this.text[this.at] ?? '')) value += '\\';
        else if (!"'\\".includes(this.text[this.at] ?? '')) this.fail('a backslash escapes one of \' { } \\ only');
      }
      value += this.text[this.at];
    }
    this.at++;
    return value;
  }

  // A path ends at a comma or closing parenthesis outside of brackets, parentheses and quotes.
  private path(): string {
    const from = this.at;
    let depth = 0;
    let quote = '';
    for (; this.at < this.text.length; this.at++) {
      const c = this.text[this.at];
      if (quote !== '') {
        if (c === '\\') this.at++;
        else if (c === quote) quote = '';
      } else if (depth > 0 && (c === "'" || c === '"')) quote = c;
      else if (c === '[' || c === '(') depth++;
      else if (depth > 0 && (c === ']' || c === ')')) depth--;
      else if (depth === 0 && (c === ',' || c === ')')) break;
    }
    return this.text.slice(from, this.at).trim();
  }

  private take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.text)?.[0];
    this.at += match?.length ?? 0;
    return match;
  }

  private expect(character: string): void {
    if (this.text[this.at] !== character) this.fail(`'${character}' was expected`);
    this.at++;
  }

  private skipSpace(): void {
    while (this.text[this.at] === ' ') this.at++;
  }

  private fail(why: string): never {
    throw new TaskFailure(ErrorName.runtime, `invalid intrinsic '${this.text}' at character ${this.at + 1}: ${why}`);
  }
}
