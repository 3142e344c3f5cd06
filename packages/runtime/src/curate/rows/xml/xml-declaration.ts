const S = '[ \\t\\r\\n]';
const QUOTED = (value: string): string => `${S}*=${S}*(?:"(${value})"|'(${value})')`;
const DECLARATION = new RegExp(`^${S}*version${QUOTED('1\\.[0-9]+')}(?:${S}+encoding${QUOTED('[A-Za-z][A-Za-z0-9._-]*')})?(?:${S}+standalone${QUOTED('yes|no')})?${S}*$`);

/** What is wrong with an XML declaration, given what stands in it after `<?xml`; undefined where nothing is. */
export function declarationProblem(text: string, encoding: string): string | undefined {
  const found = DECLARATION.exec(text);
  if (found === null) return 'a malformed XML declaration';
  const version = found[1] ?? found[2];
  if (version === '1.1') return 'it is XML 1.1, and only 1.0 is read';
  const declared = found[3] ?? found[4];
  if (declared === undefined || isNameOf(declared, encoding)) return undefined;
  return `it declares encoding ${declared}, and the contract has ${encoding}; declare headraceRecord.encoding as the source writes`;
}

/** Documents in either order of UTF-16 call it by that name. */
function isNameOf(declared: string, encoding: string): boolean {
  const name = declared.toLowerCase();
  return name === encoding || (name === 'utf-16' && encoding.startsWith(name)) || (encoding === 'utf-16' && (name === 'utf-16le' || name === 'utf-16be'));
}
