import type { ZipSource } from '../packed/zip-member';
import { ExcelFault } from './excel-fault';

const ZIP = Buffer.from('PK');
const OLE = Buffer.from('d0cf11e0a1b11ae1', 'hex');
const OLE_HEADER = 512;
const OLE_ENTRY = 128;
const SAVE_AS = 'have the source save it as "Excel workbook (.xlsx)"';

/** Whether a file begins as a ZIP archive; throws where it is known what else it is. */
export async function refuseOther(source: ZipSource): Promise<boolean> {
  const head = await bytesAt(source, 0, OLE_HEADER);
  if (head.length === 0) throw new ExcelFault('it is empty, and a workbook without a sheet does not exist');
  if (head.subarray(0, ZIP.length).equals(ZIP)) return true;
  if (head.subarray(0, OLE.length).equals(OLE)) {
    if (await isEncrypted(source, head)) throw new ExcelFault('it is protected by a password, so nobody can read it without', 'have the source save it without a password');
    throw new ExcelFault('it is a workbook of Excel 97 to 2003 (.xls), which is not read', SAVE_AS);
  }
  const text = head.toString('latin1').trimStart();
  if (/^(\xef\xbb\xbf)?</.test(text)) throw new ExcelFault('it is HTML or XML text with the name of a workbook', `${SAVE_AS}, or declare the format that it has`);
  return false;
}

/** Whether the directory of a compound file names the stream that holds an encrypted workbook. */
async function isEncrypted(source: ZipSource, head: Buffer): Promise<boolean> {
  if (head.length < OLE_HEADER) return false;
  const sector = 2 ** Math.min(16, head.readUInt16LE(30));
  const directory = await bytesAt(source, (head.readUInt32LE(48) + 1) * sector, sector);
  for (let at = 0; at + OLE_ENTRY <= directory.length; at += OLE_ENTRY) {
    const length = Math.min(64, directory.readUInt16LE(at + 64));
    if (directory.toString('utf16le', at, at + Math.max(0, length - 2)) === 'EncryptedPackage') return true;
  }
  return false;
}

async function bytesAt({ store, ref, bytes, signal }: ZipSource, start: number, length: number): Promise<Buffer> {
  const end = Math.min(bytes, start + length) - 1;
  if (end < start) return Buffer.alloc(0);
  const chunks: Uint8Array[] = [];
  for await (const chunk of await store.getStream(ref, { start, end }, { signal })) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}
