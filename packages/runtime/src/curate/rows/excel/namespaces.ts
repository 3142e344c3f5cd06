const both = (transitional: string, strict: string): ReadonlySet<string> => new Set([transitional, strict]);

/** Namespaces of ISO/IEC 29500, transitional (as Excel saves by default) and strict. */
export const SPREADSHEET = both('http://schemas.openxmlformats.org/spreadsheetml/2006/main', 'http://purl.oclc.org/ooxml/spreadsheetml/main');

/** Of attributes that name a relationship, and, with a slash and a word behind it, of the kinds of relationships. */
export const RELATIONSHIPS = both('http://schemas.openxmlformats.org/officeDocument/2006/relationships', 'http://purl.oclc.org/ooxml/officeDocument/relationships');

/** Of parts that list relationships. */
export const PACKAGE_RELATIONSHIPS: ReadonlySet<string> = new Set(['http://schemas.openxmlformats.org/package/2006/relationships']);
