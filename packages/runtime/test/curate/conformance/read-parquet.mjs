/**
 * Reads Parquet files with a reader that shares no code with the engines that wrote them.
 *
 * Each line of standard input is a file in base64; each line of output is JSON: `columns` with the physical type and the annotation of
 * each, and `values` as the file holds them: whole numbers as digits, bytes and bits of floats as hexadecimal digits, NULL as null. A group has
 * its `members`, a list its `element`, and their values are objects and arrays.
 */
import { createInterface } from 'node:readline';
import { parquetMetadata, parquetRead } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';

async function read(bytes) {
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
  const metadata = parquetMetadata(file);
  const columns = columnsOf(metadata.schema);
  // Without annotations the reader gives what is stored, and converts nothing.
  for (const element of metadata.schema.filter(({ type }) => type !== undefined)) {
    delete element.logical_type;
    delete element.converted_type;
  }
  const values = Object.fromEntries(columns.map(({ name }) => [name, []]));
  await parquetRead({
    file, metadata, compressors, utf8: false,
    onChunk: ({ columnName, columnData, rowStart }) => {
      const column = columns.find(({ name }) => name === columnName);
      for (let index = 0; index < columnData.length; index++) values[columnName][rowStart + index] = stored(columnData[index], column);
    },
  });
  return { columns, values };
}

/** The columns of a schema, whose elements stand in depth-first order. */
function columnsOf(schema) {
  let at = 1;
  const next = () => {
    const element = schema[at++];
    const { name, type } = element;
    if (type !== undefined) return { name, type, annotation: annotationOf(element) };
    const inner = Array.from({ length: element.num_children }, next);
    if (element.converted_type !== 'LIST') return { name, members: inner };
    const [list] = inner;
    if (list.name !== 'list' || list.members.length !== 1 || list.members[0].name !== 'element') throw new Error(`${name} is no list of three levels`);
    return { name, element: list.members[0] };
  };
  const columns = [];
  while (at < schema.length) columns.push(next());
  return columns;
}

/** What the stored values mean; older annotations are told as the newer ones that replaced them. */
function annotationOf({ logical_type: annotation, converted_type: converted, precision, scale }) {
  if (annotation !== undefined || converted === undefined) return annotation;
  if (converted === 'DECIMAL') return { type: 'DECIMAL', precision, scale };
  return { type: converted === 'UTF8' ? 'STRING' : converted.startsWith('INT_') ? 'INTEGER' : converted };
}

function stored(value, { type, members, element }) {
  if (value === null || value === undefined) return null;
  if (members !== undefined) return Object.fromEntries(members.map((member) => [member.name, stored(value[member.name], member)]));
  if (element !== undefined) return value.map((one) => stored(one, element));
  if (type === 'FLOAT' || type === 'DOUBLE') return bitsOf(value, type);
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : String(value);
}

function bitsOf(value, type) {
  const bits = Buffer.alloc(type === 'FLOAT' ? 4 : 8);
  if (type === 'FLOAT') bits.writeFloatBE(value);
  else bits.writeDoubleBE(value);
  return Number.isNaN(value) ? 'NaN' : bits.toString('hex');
}

for await (const line of createInterface({ input: process.stdin })) {
  const answer = await read(Buffer.from(line, 'base64')).catch((error) => ({ error: error.stack }));
  process.stdout.write(`${JSON.stringify(answer, (_, value) => (typeof value === 'bigint' ? String(value) : value))}\n`);
}
