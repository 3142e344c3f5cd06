import { posix } from 'node:path';
import { ExcelFault } from './excel-fault';
import { PACKAGE_RELATIONSHIPS, RELATIONSHIPS, SPREADSHEET } from './namespaces';
import type { WorkbookArchive } from './workbook-archive';

export interface Sheet {
  readonly name: string;
  readonly visible: boolean;
  /** Name of its part; absent of a chart, a dialog or a macro, which hold no cells. */
  readonly part?: string;
}

/** What a workbook says of itself. */
export interface Workbook {
  readonly sheets: readonly Sheet[];
  /** Parts; absent where the workbook has none. */
  readonly strings?: string;
  readonly styles?: string;
  readonly dates: DateSystem;
  /** Whether it says that its formulas must be computed anew, because the values beside them are not theirs. */
  readonly recompute: boolean;
}

/** `1900`: as Excel for Windows; `1904`: as Excel for Mac once did; `iso`: as 1900, with other days before March 1900. */
export type DateSystem = '1900' | '1904' | 'iso';

/** Sheets that a message names. */
const MOST_NAMED = 20;

interface Relationship { readonly kind?: string; readonly target: string }

export async function readWorkbook(archive: WorkbookArchive): Promise<Workbook> {
  if (archive.has('mimetype') && !archive.has('[Content_Types].xml')) throw new ExcelFault('it is an OpenDocument spreadsheet (.ods), which is not read', 'have the source save it as "Excel workbook (.xlsx)"');
  const main = [...(await relationships(archive, '')).values()].find(({ kind }) => kind === 'officeDocument')?.target;
  if (main === undefined) throw new ExcelFault('it is a ZIP archive, and no workbook', 'have the source save it as "Excel workbook (.xlsx)"; for an archive of other files declare their format');
  if (main.toLowerCase().endsWith('.bin')) throw new ExcelFault('it is a binary workbook (.xlsb), which is not read', 'have the source save it as "Excel workbook (.xlsx)"');
  const related = await relationships(archive, main);
  const partOf = (kind: string): string | undefined => [...related.values()].find((each) => each.kind === kind)?.target;
  const reader = await archive.document(main, 'workbook', SPREADSHEET);
  const sheets: Sheet[] = [];
  let [dates, recompute]: [DateSystem, boolean] = ['1900', false];
  const open = ['workbook'];
  for (let token = reader.next(); token !== 'end'; token = reader.next()) {
    if (token === 'close') open.pop();
    if (token !== 'open') continue;
    const around = open.slice(1).join('/');
    open.push(reader.name);
    // Extensions may hold elements of the same names.
    if (around !== (reader.name === 'sheet' ? 'sheets' : '')) continue;
    if (reader.name === 'workbookPr') {
      if (isTrue(reader.attribute('date1904'))) dates = '1904';
      else if (reader.attribute('dateCompatibility') !== undefined && !isTrue(reader.attribute('dateCompatibility'))) dates = 'iso';
    } else if (reader.name === 'calcPr') {
      recompute = isTrue(reader.attribute('fullCalcOnLoad'));
    } else if (reader.name === 'sheet') {
      const found = related.get(reader.attributeOf(RELATIONSHIPS, 'id') ?? '');
      sheets.push({
        name: reader.attribute('name') ?? '', visible: (reader.attribute('state') ?? 'visible') === 'visible',
        ...(found?.kind === 'worksheet' ? { part: found.target } : {}),
      });
    }
  }
  return { sheets, dates, recompute, strings: partOf('sharedStrings'), styles: partOf('styles') };
}

/** Finds the sheet that a contract names, or the only visible one. */
export function chooseSheet({ sheets }: Workbook, name?: string): Sheet & { readonly part: string } {
  const named = (some: readonly Sheet[]): string => some.slice(0, MOST_NAMED).map((sheet) => JSON.stringify(sheet.name)).join(', ')
    + (some.length > MOST_NAMED ? ` and ${some.length - MOST_NAMED} more` : '');
  const found = sheets.filter((sheet) => (name === undefined ? sheet.visible && sheet.part !== undefined : sheet.name === name));
  const [sheet] = found;
  if (sheet === undefined) {
    throw new ExcelFault(name === undefined ? `it has no visible sheet with cells, of ${named(sheets)}` : `it has no sheet ${JSON.stringify(name)}, but ${named(sheets)}`, 'write one of them as headraceRecord.sheet, or have the source name its sheet as before');
  }
  if (found.length > 1) throw new ExcelFault(`it has ${found.length} sheets, ${named(found)}`, 'say which one as headraceRecord.sheet');
  const { part } = sheet;
  if (part === undefined) throw new ExcelFault(`its sheet ${JSON.stringify(sheet.name)} holds no cells: it is a chart, a dialog or a macro`, 'write another one as headraceRecord.sheet');
  return { ...sheet, part };
}

async function relationships(archive: WorkbookArchive, part: string): Promise<Map<string, Relationship>> {
  const found = new Map<string, Relationship>();
  const name = posix.join(posix.dirname(part), '_rels', `${posix.basename(part)}.rels`);
  if (!archive.has(name)) return found;
  const reader = await archive.document(name, 'Relationships', PACKAGE_RELATIONSHIPS);
  for (let token = reader.next(); token !== 'end'; token = reader.next()) {
    if (token !== 'open' || reader.name !== 'Relationship') continue;
    const type = reader.attribute('Type') ?? '';
    const target = reader.attribute('Target') ?? '';
    const slash = type.lastIndexOf('/');
    if (reader.attribute('TargetMode') === 'External') continue;
    found.set(reader.attribute('Id') ?? '', {
      ...(RELATIONSHIPS.has(type.slice(0, slash)) ? { kind: type.slice(slash + 1) } : {}),
      target: target.startsWith('/') ? posix.normalize(target).slice(1) : posix.join(posix.dirname(part), target),
    });
  }
  return found;
}

function isTrue(value: string | undefined): boolean {
  return value === '1' || value === 'true' || value === 'on';
}
