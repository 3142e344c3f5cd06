/** Values of policy variables by lower-case key; a key with several values is not a variable. */
export type Variables = Readonly<Record<string, readonly string[]>>;

type Piece = { readonly literal: string } | '*' | '?';

/**
 * Reads a pattern: `*` and `?` are wildcards, `${key}` and `${key, 'default'}` are variables whose value stands for
 * itself, `${*}`, `${?}` and `${$}` are the characters. A variable without a value makes the whole pattern match nothing.
 */
function readPattern(pattern: string, variables: Variables | undefined): Piece[] | undefined {
  const pieces: Piece[] = [];
  for (const [token, reference] of pattern.matchAll(/\$\{([^}]*)\}|[*?]|\$|[^*?$]+/g)) {
    if (reference !== undefined && variables !== undefined) {
      const value = resolveVariable(reference, variables);
      if (value === undefined) return undefined;
      pieces.push({ literal: value });
    } else if (token === '*' || token === '?') {
      pieces.push(token);
    } else {
      pieces.push({ literal: token });
    }
  }
  return pieces;
}

function resolveVariable(reference: string, variables: Variables): string | undefined {
  if (reference === '*' || reference === '?' || reference === '$') return reference;
  const match = /^\s*([^\s,]+)\s*(?:,\s*'([^']*)'\s*)?$/.exec(reference);
  const values = match ? variables[match[1]!.toLowerCase()] : undefined;
  if (values !== undefined) return values.length === 1 ? values[0] : undefined;
  return match?.[2];
}

/** Compares a text with a pattern as a whole. */
export function matchesPattern(pattern: string, text: string, variables?: Variables, ignoreCase = false): boolean {
  const pieces = readPattern(pattern, variables);
  return pieces !== undefined && compile(pieces, '[^]*', ignoreCase).test(text);
}

/** The text that a value of a condition stands for, where wildcards have no meaning. */
export function resolveText(text: string, variables?: Variables): string | undefined {
  return readPattern(text, variables)?.map((piece) => (typeof piece === 'string' ? piece : piece.literal)).join('');
}

/**
 * Compares a resource with the pattern of a `Resource` element: inside the first five parts of an ARN a wildcard stays
 * in its part, at the end of a part it may run across colons; in the last part it matches anything.
 */
export function matchesResource(pattern: string, resource: string, variables?: Variables): boolean {
  if (pattern === '*') return true;
  const pieces = readPattern(pattern, variables);
  if (pieces === undefined) return false;
  let colons = 0;
  const source = pieces.map((piece, index) => {
    if (piece === '*') return colons < 5 && !endsPart(pieces[index + 1]) ? '[^:]*' : '[^]*';
    if (piece === '?') return colons < 5 ? '[^:]' : '[^]';
    colons += piece.literal.split(':').length - 1;
    return escape(piece.literal);
  });
  return new RegExp(`^${source.join('')}$`).test(resource);
}

/** Compares two ARNs part by part, as the Arn operators of conditions do. */
export function matchesArn(pattern: string, arn: string, variables?: Variables): boolean {
  const patterns = splitArn(pattern);
  const parts = splitArn(arn);
  if (pattern === '*') return true;
  if (patterns === undefined || parts === undefined) return false;
  return patterns.every((part, index) => matchesPattern(part, parts[index]!, variables));
}

function splitArn(arn: string): string[] | undefined {
  // A colon inside a variable, as in ${aws:PrincipalAccount}, does not part the ARN.
  const parts = arn.match(/(?:\$\{[^}]*\}|[^:$]|\$)*(?::|$)/g)?.map((part) => part.replace(/:$/, '')) ?? [];
  if (parts.length < 6 || parts[0] !== 'arn') return undefined;
  const head = parts.slice(0, 5);
  return [...head, arn.slice(head.join(':').length + 1)];
}

function endsPart(next: Piece | undefined): boolean {
  return next === undefined || (typeof next === 'object' && next.literal.startsWith(':'));
}

function compile(pieces: readonly Piece[], any: string, ignoreCase: boolean): RegExp {
  const source = pieces.map((piece) => (piece === '*' ? any : piece === '?' ? '[^]' : escape(piece.literal))).join('');
  return new RegExp(`^${source}$`, ignoreCase ? 'i' : '');
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
}
