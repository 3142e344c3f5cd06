import type { Column } from '../../../contract/contract';
import { insideOf, memberName } from '../../../contract/nested-type';
import { NestedText } from '../json/nested-text';
import { avroText, type AvroSchema, type AvroText } from './avro-text';
import { innerMembers, type TypedText } from './typed-columns';

interface AvroNested {
  readonly type?: AvroSchema;
  readonly fields?: readonly { readonly name: string; readonly type: AvroSchema }[];
  readonly items?: AvroSchema;
}

/** Puts the texts of a value into what is written. */
type Tell = (value: never, out: NestedText) => void;

/**
 * What makes the texts of nested values of a field, as `nestedTexts` reads them.
 *
 * @param resolve gives a type for its name
 * @param exact whether members that the contract does not have are refused
 */
export function nestedAvroText(column: Column, field: AvroSchema, resolve: (type: AvroSchema) => AvroSchema, exact: boolean): TypedText<AvroText> {
  const tell = tellOf(column, field, resolve, exact);
  if ('problem' in tell) return tell;
  const out = new NestedText();
  return {
    text: (value) => {
      tell.text(value, out);
      return out.take();
    },
  };
}

function tellOf(column: Column, field: AvroSchema, resolve: (type: AvroSchema) => AvroSchema, exact: boolean): TypedText<Tell> {
  const known = resolve(field);
  const { type } = column;
  if (type.kind !== 'object' && type.kind !== 'array') {
    const told = avroText(column, known);
    if ('problem' in told) return told;
    return { text: (value, out) => { out.plain(value === null ? null : bytesOf(told.text(value))); } };
  }
  const branches = (Array.isArray(known) ? known as readonly AvroSchema[] : [known]).filter((branch) => branch !== 'null');
  if (branches.length > 1) return { problem: 'it is a union of several types, and a column has one' };
  const branch = whole(branches[0] === undefined ? undefined : resolve(branches[0]));
  // A field of null alone has no value to be told.
  if (branches.length === 0) return { text: (_value, out) => { out.plain(null); } };
  if (type.kind === 'array') {
    if (branch?.type !== 'array' || branch.items === undefined) return { problem: 'it is no array, and the column is one' };
    const told = tellOf(type.item, branch.items, resolve, exact);
    return 'problem' in told ? { problem: `elements: ${told.problem}` } : { text: arrayTeller(told.text) };
  }
  if (branch?.type !== 'record' || branch.fields === undefined) return { problem: 'it is no record, and the column is an object' };
  const places = innerMembers(insideOf(type), branch.fields.map(({ name }) => name), exact);
  if ('problem' in places) return places;
  const members: { place: number; tell: Tell }[] = [];
  for (const [index, member] of type.members.entries()) {
    const place = places.text[index]!;
    const told = tellOf(member, branch.fields[place]!.type, resolve, exact);
    if ('problem' in told) return { problem: `member ${memberName(member)}: ${told.problem}` };
    members.push({ place, tell: told.text });
  }
  return { text: objectTeller(members) };
}

function arrayTeller(tell: Tell): Tell {
  return (value: readonly never[] | null, out) => {
    if (value === null) {
      out.plain(null);
      return;
    }
    out.openArray();
    value.forEach((element, index) => {
      if (index > 0) out.comma();
      tell(element, out);
    });
    out.closeArray();
  };
}

function objectTeller(members: readonly { readonly place: number; readonly tell: Tell }[]): Tell {
  return (value: readonly never[] | null, out) => {
    if (value === null) {
      out.plain(null);
      return;
    }
    out.open();
    members.forEach(({ place, tell }, index) => {
      if (index > 0) out.comma();
      out.member(index);
      tell(value[place]!, out);
    });
    out.close();
  };
}

/** A type without others around it that only say the same. */
function whole(type: AvroSchema | undefined): AvroNested | undefined {
  if (typeof type !== 'object' || Array.isArray(type)) return undefined;
  const nested = type as AvroNested;
  return typeof nested.type === 'object' && !Array.isArray(nested.type) ? whole(nested.type) : nested;
}

function bytesOf(text: string | Buffer): Buffer {
  return typeof text === 'string' ? Buffer.from(text) : text;
}
