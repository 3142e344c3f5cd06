import type { Type } from 'avsc';
import type { AvroCursor } from './avro-cursor';

/**
 * Reads a value: numbers, booleans and null as such, longs that a number does not hold as bigint, strings and bytes as bytes, symbols as strings,
 * arrays and records as arrays, records in the order of their fields.
 */
export type AvroValue = (cursor: AvroCursor) => unknown;

/** Entries of no bytes, such as nulls, that a block of an array or the file may tell of; of others there are no more than bytes. */
const MOST_WITHOUT_BYTES = 1_000_000;

/**
 * Makes what reads values of types, which the library has parsed.
 *
 * The library's own readers pass over the length in bytes that blocks of arrays and maps have, and take any byte for a boolean: after a damaged
 * count they go on at the wrong place. These check all that the format says twice, and columns that nobody reads are checked too, since
 * the next one begins where they end.
 */
export class AvroValues {
  private readonly readers = new Map<Type, AvroValue>();
  private readonly skippers = new Map<Type, AvroValue>();
  private readonly sizes = new Map<Type, number>();

  /** @param fields of the record that are wanted; others are undefined */
  record(type: Type, fields: ReadonlySet<number>): (cursor: AvroCursor) => unknown[] {
    const values = partsOf(type).fields!.map((field, index) => (fields.has(index) ? this.reader(field.type) : this.skipper(field.type)));
    return (cursor) => values.map((value) => value(cursor));
  }

  /** Refuses more entries than there can be. */
  check(count: number, type: Type, left: number): void {
    const least = this.least(type);
    if (count > (least === 0 ? MOST_WITHOUT_BYTES : left / least)) throw new Error(`${count} entries follow, and the block has ${left} more bytes`);
  }

  private reader(type: Type): AvroValue {
    return known(this.readers, type, () => this.of(type, (inner) => this.reader(inner), true));
  }

  private skipper(type: Type): AvroValue {
    return known(this.skippers, type, () => this.of(type, (inner) => this.skipper(inner), false));
  }

  private of(type: Type, value: (inner: Type) => AvroValue, kept: boolean): AvroValue {
    const { fields, itemsType, valuesType, types, symbols, size } = partsOf(type);
    if (types !== undefined) {
      const branches = types.map(value);
      return (cursor) => {
        const branch = cursor.size();
        if (!(branch in branches)) throw new Error(`a union has branch ${branch} of ${branches.length}`);
        return branches[branch]!(cursor);
      };
    }
    if (symbols !== undefined) {
      return (cursor) => {
        const symbol = cursor.size();
        if (!(symbol in symbols)) throw new Error(`an enum has symbol ${symbol} of ${symbols.length}`);
        return symbols[symbol];
      };
    }
    if (size !== undefined) return (cursor) => cursor.fixed(size);
    if (itemsType !== undefined) return this.blocks(itemsType, value(itemsType), kept);
    if (valuesType !== undefined) {
      const entry = value(valuesType);
      return this.blocks(valuesType, (cursor) => [cursor.text(), entry(cursor)], kept, 1);
    }
    if (fields !== undefined) {
      const values = fields.map((field) => value(field.type));
      return (cursor) => {
        if (kept) return values.map((read) => read(cursor));
        for (const read of values) read(cursor);
        return undefined;
      };
    }
    const plain = PLAIN[type.typeName];
    if (plain === undefined) throw new Error(`its type ${type.typeName} is not known`);
    return plain;
  }

  /** Entries in blocks, each with their number, and, where that is negative, with their bytes behind it. */
  private blocks(type: Type, entry: AvroValue, kept: boolean, more = 0): AvroValue {
    return (cursor) => {
      const found: unknown[] = [];
      for (let count = cursor.size(); count !== 0; count = cursor.size()) {
        const bytes = count < 0 ? cursor.size() : undefined;
        const entries = Math.abs(count);
        if (bytes !== undefined && (bytes < 0 || bytes > cursor.left)) throw new Error(`entries have ${bytes} bytes, and the block ${cursor.left} more`);
        if (more > 0 && entries > cursor.left) throw new Error(`${entries} entries follow, and the block has ${cursor.left} more bytes`);
        this.check(entries, type, bytes ?? cursor.left);
        const end = bytes === undefined ? undefined : cursor.at + bytes;
        for (let index = 0; index < entries; index++) {
          const value = entry(cursor);
          if (kept) found.push(value);
        }
        if (end !== undefined && cursor.at !== end) throw new Error(`${entries} entries are said to have ${bytes} bytes, and have ${cursor.at - end + bytes!}`);
      }
      return found;
    };
  }

  /** Bytes that a value has at least. */
  private least(type: Type): number {
    const before = this.sizes.get(type);
    if (before !== undefined) return before;
    // A record in itself stands in a union, an array or a map, which have a byte without it.
    this.sizes.set(type, 0);
    const { fields, size } = partsOf(type);
    const least = fields?.reduce((sum, field) => sum + this.least(field.type), 0) ?? size ?? LEAST[type.typeName] ?? 1;
    this.sizes.set(type, least);
    return least;
  }
}

const PLAIN: Readonly<Record<string, AvroValue | undefined>> = {
  null: () => null,
  boolean: (cursor) => cursor.boolean(),
  int: (cursor) => cursor.int(),
  long: (cursor) => cursor.long(),
  float: (cursor) => cursor.float(),
  double: (cursor) => cursor.double(),
  bytes: (cursor) => cursor.text(),
  string: (cursor) => cursor.text(),
};

const LEAST: Readonly<Record<string, number | undefined>> = { null: 0, float: 4, double: 8 };

/** What a type of the library is made of. */
interface Parts {
  readonly fields?: readonly { readonly type: Type }[];
  readonly itemsType?: Type;
  readonly valuesType?: Type;
  readonly types?: readonly Type[];
  readonly symbols?: readonly string[];
  readonly size?: number;
}

function partsOf(type: Type): Parts {
  return type as Parts;
}

/** What was made before; a type that holds itself gets what is being made once it is there. */
function known(made: Map<Type, AvroValue>, type: Type, make: () => AvroValue): AvroValue {
  const found = made.get(type);
  if (found !== undefined) return found;
  const itself: { value?: AvroValue } = {};
  made.set(type, (cursor) => itself.value!(cursor));
  itself.value = make();
  made.set(type, itself.value);
  return itself.value;
}
