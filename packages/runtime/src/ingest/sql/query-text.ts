/**
 * Says why a text cannot be read as one query inside parentheses; undefined where it can.
 *
 * The text becomes `SELECT … FROM (<text>) …`, so it must not be able to end there: no statement separator, no comment,
 * no closing parenthesis of ours. The server has the last word, and sees a read-only transaction.
 */
export function queryProblem(text: string, kind: 'postgres' | 'mysql'): string | undefined {
  if (text.includes('\0')) return 'must not hold U+0000';
  if (!/^\s*(select|with|table|values)\b/i.test(text)) return 'must begin with SELECT, WITH, VALUES or TABLE';
  const pieces = kind === 'mysql' ? MYSQL : POSTGRES;
  let depth = 0;
  for (let at = 0; at < text.length;) {
    const rest = text.slice(at, at + 2);
    if (text[at] === ';') return 'must be one query without ; also not at its end';
    if (rest === '--' || rest === '/*' || (kind === 'mysql' && text[at] === '#')) return 'must hold no comments: put them beside the text';
    const quoted = pieces.find(({ begins }) => begins(text, at));
    if (quoted !== undefined) {
      const end = quoted.end(text, at);
      if (end === undefined) return `has a quoted text that does not end, from ${JSON.stringify(text.slice(at, at + 20))}`;
      at = end;
      continue;
    }
    if (kind === 'postgres' && /^\$[A-Za-z_0-9]*\$/.test(text.slice(at, at + 70))) return 'must quote texts with \' and not with $$';
    if (text[at] === '(') depth += 1;
    if (text[at] === ')') depth -= 1;
    if (depth < 0) return 'closes a parenthesis that it has not opened';
    at += 1;
  }
  return depth === 0 ? undefined : 'opens a parenthesis that it does not close';
}

interface Quoted {
  begins(text: string, at: number): boolean;
  /** The offset behind it; undefined where it does not end. */
  end(text: string, at: number): number | undefined;
}

/** Between two `mark`, doubled inside. */
function doubled(mark: string): Quoted {
  return {
    begins: (text, at) => text[at] === mark,
    end: (text, at) => {
      for (let next = text.indexOf(mark, at + 1); next !== -1; next = text.indexOf(mark, next + 2)) if (text[next + 1] !== mark) return next + 1;
      return undefined;
    },
  };
}

/** `E'…'`, in which a backslash takes the next character's meaning. */
const ESCAPED: Quoted = {
  begins: (text, at) => /^[eE]'/.test(text.slice(at, at + 2)) && !/[A-Za-z0-9_$\u0080-\uffff]/.test(text[at - 1] ?? ' '),
  end: (text, at) => {
    for (let next = at + 2; next < text.length; next += 1) {
      if (text[next] === '\\') next += 1;
      else if (text[next] === '\'' && text[next + 1] === '\'') next += 1;
      else if (text[next] === '\'') return next + 1;
    }
    return undefined;
  },
};

const POSTGRES = [ESCAPED, doubled('\''), doubled('"')];
// Sessions run with ANSI_QUOTES and NO_BACKSLASH_ESCAPES, so quotes are those of the standard.
const MYSQL = [doubled('\''), doubled('"'), doubled('`')];
