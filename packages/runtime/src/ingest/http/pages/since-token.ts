/** Of a cursor, which stands in each commit and in the address of the next run's first page. */
export const MOST_CURSOR_CHARACTERS = 4_000;

/** The token that a page holds for the next run, or the one in a link: the value of the parameter in its query. Throws an Error with a reason. */
export function tokenOf(value: unknown, { at, parameter }: { readonly at: string; readonly parameter: string }): string | undefined {
  if (value === undefined || value === null || value === false || value === '') return undefined;
  if (typeof value !== 'string') throw new Error(`at ${at} there is neither text nor a number`);
  const link = linkOf(value);
  const token = link === undefined ? value : link.searchParams.get(parameter) ?? '';
  if (token === '') throw new Error(`the link at ${at} has no parameter ${parameter}`);
  if (token.length > MOST_CURSOR_CHARACTERS) throw new Error(`the token at ${at} has ${token.length} characters, and a cursor has at most ${MOST_CURSOR_CHARACTERS}`);
  return token;
}

/** Keys of an API may stand in its links, so no more than the token is taken of one. */
function linkOf(value: string): URL | undefined {
  return /^https?:/i.test(value) && URL.canParse(value) ? new URL(value) : undefined;
}
