/** Headers that this stage sets itself, or that would change what the bytes are. */
const RESERVED_HEADERS = new Set([
  'accept-encoding', 'connection', 'content-length', 'expect', 'host', 'if-match', 'if-modified-since', 'if-none-match', 'if-range', 'if-unmodified-since',
  'keep-alive', 'range', 'te', 'trailer', 'transfer-encoding', 'upgrade',
]);

/** Headers that hold secrets; settings are readable by everybody who may read the stack. */
const SECRET_HEADERS = /^(authorization|proxy-authorization|cookie)$|token|secret|api-?key/;

/** What is wrong with the headers of a source: name, and the rest of a sentence. Values are not shown: they may be the very secret. */
export function checkHeaders(headers: Readonly<Record<string, unknown>>): Array<[name: string, problem: string]> {
  const problems: Array<[string, string]> = [];
  const seen = new Set<string>();
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase();
    const problem = RESERVED_HEADERS.has(lower) ? 'is set by the stage itself; leave it out'
      : SECRET_HEADERS.test(lower) ? 'would put a secret into the settings; give it as auth'
        : seen.has(lower) ? 'is given twice'
          : typeof value === 'string' && /[\r\n\0]/.test(value) ? 'must be one line'
            : undefined;
    seen.add(lower);
    if (problem !== undefined) problems.push([name, problem]);
  }
  return problems;
}
