import type { PartFormat } from '../../copy/part-file';
import { encodeSlice } from './encode-slice';
import { wireColumn } from './wire-column';

/** PostgreSQL's binary COPY format: nothing is printed to text and parsed again except the digits of decimals. */
export const BINARY_FORMAT: PartFormat = {
  wires: (values) => values.map(({ column, value }) => wireColumn(column.type, value)),
  encode: encodeSlice,
};
