import { ExcelFault } from './excel-fault';
import { SPREADSHEET } from './namespaces';
import { builtInFormat, readFormat, type NumberFormat } from './number-format';
import type { WorkbookArchive } from './workbook-archive';

/** The number format of each style that cells can have; General where the workbook has no styles. */
export async function readNumberFormats(archive: WorkbookArchive, part: string | undefined): Promise<readonly NumberFormat[]> {
  if (part === undefined) return [builtInFormat(0)];
  const reader = await archive.document(part, 'styleSheet', SPREADSHEET);
  const codes = new Map<number, string>();
  const styles: number[] = [];
  const open = ['styleSheet'];
  for (let token = reader.next(); token !== 'end'; token = reader.next()) {
    if (token === 'close') open.pop();
    if (token !== 'open') continue;
    const { name } = reader;
    const around = open.length === 2 ? open[1] : '';
    open.push(name);
    if (name === 'numFmt' && around === 'numFmts') codes.set(numberOf(reader.attribute('numFmtId'), part), reader.attribute('formatCode') ?? 'General');
    if (name === 'xf' && around === 'cellXfs') styles.push(numberOf(reader.attribute('numFmtId'), part));
  }
  const known = new Map<number, NumberFormat>();
  return styles.length === 0 ? [builtInFormat(0)] : styles.map((id) => {
    const code = codes.get(id);
    const format = known.get(id) ?? (code === undefined ? builtInFormat(id) : readFormat(code));
    known.set(id, format);
    return format;
  });
}

function numberOf(text: string | undefined, part: string): number {
  if (text === undefined || /^\d{1,9}$/.test(text)) return Number(text ?? 0);
  throw new ExcelFault(`${part} has the number format ${JSON.stringify(text)}, which is no number`);
}
