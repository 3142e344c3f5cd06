import { crc32, deflateRawSync } from 'node:zlib';

const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const RELATIONSHIPS = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';

export interface WorkbookParts {
  /** What stands in sheetData, or whole worksheets by the names of their sheets. */
  readonly sheets: Readonly<Record<string, string>>;
  /** Elements si. */
  readonly strings?: readonly string[];
  /** Format codes, of styles 1 and on. */
  readonly formats?: readonly string[];
  /** Attributes of elements. */
  readonly workbookPr?: string;
  readonly calcPr?: string;
  /** State of sheets by name. */
  readonly states?: Readonly<Record<string, string>>;
  /** Parts by name, in place of those that are written otherwise, or beside them; null for none. */
  readonly more?: Readonly<Record<string, string | Buffer | null>>;
}

export const escaped = (text: string): string => text.replace(/[&<>]/g, (char) => `&#${char.charCodeAt(0)};`);

/** A text as an Xstring, which has a form for every character. */
export const xstring = (text: string): string => escaped(text.replace(/_(?=x[0-9A-Fa-f]{4}_)/g, '_x005F_')
  .replace(/[\0-\x08\x0b-\x1f\ufffe\uffff]/g, (char) => `_x${char.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}_`));

export const inline = (text: string): string => `<c t="inlineStr"><is><t xml:space="preserve">${xstring(text)}</t></is></c>`;

/** A workbook as its parts say: no code of the reader is in it. */
export function workbook({ sheets, strings = [], formats = [], workbookPr = '', calcPr = '', states = {}, more = {} }: WorkbookParts): Buffer {
  const names = Object.keys(sheets);
  const ids = names.map((_, index) => `rId${index + 1}`);
  const related = (entries: readonly (readonly [id: string, kind: string, target: string])[]): string => (
    `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">${entries.map(([id, kind, target]) => `<Relationship Id="${id}" Type="${RELATIONSHIPS}/${kind}" Target="${target}"/>`).join('')}</Relationships>`);
  const codes = formats.map((code, index) => `<numFmt numFmtId="${164 + index}" formatCode="${escaped(code).replaceAll('"', '&quot;')}"/>`);
  const parts: Record<string, string | Buffer | null> = {
    '[Content_Types].xml': '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
    '_rels/.rels': related([['r', 'officeDocument', 'xl/workbook.xml']]),
    'xl/_rels/workbook.xml.rels': related([...ids.map((id, index) => [id, 'worksheet', `worksheets/sheet${index + 1}.xml`] as const), ['s', 'sharedStrings', '/xl/sharedStrings.xml'], ['t', 'styles', 'styles.xml']]),
    'xl/workbook.xml': `<?xml version="1.0" encoding="UTF-8"?>\n<workbook xmlns="${MAIN}" xmlns:r="${RELATIONSHIPS}"><workbookPr ${workbookPr}/><sheets>${names.map((name, index) => `<sheet name="${escaped(name)}" sheetId="${index + 1}" state="${states[name] ?? 'visible'}" r:id="${ids[index]}"/>`).join('')}</sheets><calcPr ${calcPr}/></workbook>`,
    'xl/sharedStrings.xml': `<sst xmlns="${MAIN}">${strings.map((text) => (text.startsWith('<') ? text : `<si><t xml:space="preserve">${xstring(text)}</t></si>`)).join('')}</sst>`,
    'xl/styles.xml': `<styleSheet xmlns="${MAIN}"><numFmts>${codes.join('')}</numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/>${formats.map((_, index) => `<xf numFmtId="${164 + index}"/>`).join('')}</cellXfs></styleSheet>`,
    ...Object.fromEntries(names.map((name, index) => [`xl/worksheets/sheet${index + 1}.xml`, sheets[name]!.startsWith('<worksheet') || sheets[name]!.startsWith('<x:') || sheets[name]!.startsWith('<!') ? sheets[name]! : `<worksheet xmlns="${MAIN}"><sheetViews/><sheetData>${sheets[name]!}</sheetData><mergeCells/></worksheet>`])),
    ...more,
  };
  return zip(Object.entries(parts).flatMap(([name, content]) => (content === null ? [] : [[name, Buffer.from(content as string)] as const])));
}

/** An archive of deflated members. */
export function zip(members: readonly (readonly [name: string, content: Buffer])[]): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [name, content] of members) {
    const packed = deflateRawSync(content);
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(8, 4);
    fields.writeUInt32LE(crc32(content), 10);
    fields.writeUInt32LE(packed.length, 14);
    fields.writeUInt32LE(content.length, 18);
    fields.writeUInt16LE(Buffer.byteLength(name), 22);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(at, 10);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), fields, Buffer.from(name), packed]);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\0'), fields, tail, Buffer.from(name)]));
    locals.push(local);
    at += local.length;
  }
  const end = Buffer.alloc(18);
  end.writeUInt16LE(members.length, 4);
  end.writeUInt16LE(members.length, 6);
  end.writeUInt32LE(Buffer.concat(directory).length, 8);
  end.writeUInt32LE(at, 12);
  return Buffer.concat([...locals, ...directory, Buffer.from('PK\x05\x06'), end]);
}
