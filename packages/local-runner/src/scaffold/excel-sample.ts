import { createReadStream, createWriteStream, statSync, writeFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { sampleWorkbook } from '@headrace/runtime/curate/rows/excel/excel-sample';
import type { ByteRange } from '@headrace/runtime/stores/object-store';
import type { Sample } from './read-sample';

const [ZIP, OLE] = [Buffer.from('PK\x03\x04'), Buffer.from('d0cf11e0a1b11ae1', 'hex')];

/** Whether a file begins as workbooks do, those of old versions and with passwords included, so that an error can name them. */
export function isWorkbook(bytes: Buffer): boolean {
  return bytes.subarray(0, ZIP.length).equals(ZIP) || bytes.subarray(0, OLE.length).equals(OLE);
}

/**
 * The beginning of the first sheet that holds something.
 *
 * @param file where the workbook may be put
 * @param bytes all of it, or undefined where it must be read anew
 */
export async function excelSample(
  from: string, file: string, bytes: Buffer | undefined, { most, open }: { readonly most: number; readonly open: () => Promise<Readable> },
): Promise<Sample> {
  if (bytes === undefined) await pipeline(await open(), createWriteStream(file));
  else writeFileSync(file, bytes);
  const getStream = (_ref: unknown, range?: ByteRange): Promise<Readable> => Promise.resolve(createReadStream(file, range));
  try {
    const found = await sampleWorkbook({ store: { getStream }, ref: { bucket: '', key: from }, bytes: statSync(file).size }, most);
    if (found === undefined) throw new Error('its visible sheets are empty');
    return { ...found, format: 'excel', header: found.header === 'none' ? false : found.header === 'subset' ? 'subset' : true };
  } catch (error) {
    throw new Error(`${from} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}
