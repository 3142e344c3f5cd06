import type { Column } from '../../../contract/contract';
import { pointerOf } from '../../../contract/json-pointer';
import { memberName } from '../../../contract/nested-type';
import { CLOSE, CLOSE_ARRAY, COMMA, JsonProblem, OPEN, type RecordReader } from './json-record';
import { NestedText } from './nested-text';

/** What stands at a place in a nested value, and what the reader noted of it. */
type Shape = { readonly kind: 'plain' } | ObjectShape | { readonly kind: 'array'; readonly item: Shape };

interface ObjectShape {
  readonly kind: 'object';
  readonly members: ReadonlyMap<string, { readonly index: number; readonly shape: Shape; seenIn: number }>;
  /** Objects of this shape that were begun. None is inside of another one. */
  begun: number;
}

/** Reads the objects and arrays of one column as the contract has them, whatever the order of their members. */
export class NestedValues {
  private readonly shape: Shape;
  private readonly text = new NestedText();
  /** Where the value is that is being read, from the column on. */
  private readonly place: (string | number)[] = [];

  /**
   * @param pointer of the column in the record
   * @param exact whether a member that the contract does not have is refused
   */
  constructor(column: Column, private readonly pointer: string, private readonly exact: boolean) {
    this.shape = shapeOf(column);
  }

  /** Reads the value that stands at the reader, and gives its texts. Throws {@link JsonProblem}. */
  read(reader: RecordReader): Buffer | null {
    this.place.length = 0;
    // The rest of a record that was refused.
    this.text.take();
    if (reader.container() === undefined) {
      if (reader.plain() !== null) throw this.notNested(this.shape.kind);
      return null;
    }
    this.value(reader, this.shape);
    return this.text.take();
  }

  private value(reader: RecordReader, shape: Shape): void {
    const opening = reader.container();
    if (opening === undefined) {
      const plain = reader.plain();
      if (plain !== null && shape.kind !== 'plain') throw this.notNested(shape.kind);
      this.text.plain(plain);
      return;
    }
    const found = opening === OPEN ? 'object' : 'array';
    if (shape.kind !== found) throw new JsonProblem(`member ${this.where()} is an ${found}, expected ${shape.kind === 'plain' ? 'a plain value' : `an ${shape.kind}`}`);
    reader.at++;
    reader.space();
    if (shape.kind === 'object') this.members(reader, shape);
    else this.elements(reader, shape.item);
  }

  private members(reader: RecordReader, shape: ObjectShape): void {
    const { text, place } = this;
    const number = ++shape.begun;
    let unknown: Set<string> | undefined;
    let first = true;
    text.open();
    if (!reader.took(CLOSE)) {
      do {
        const name = reader.name();
        const member = shape.members.get(name);
        place.push(name);
        if (member === undefined ? unknown?.has(name) : member.seenIn === number) throw new JsonProblem(`member ${this.where()} stands twice`);
        if (member === undefined) {
          if (this.exact) throw new JsonProblem(`member ${this.where()} is not in the contract; declare headraceRecord.header: subset to leave it out`);
          (unknown ??= new Set()).add(name);
          reader.skip();
        } else {
          member.seenIn = number;
          if (!first) text.comma();
          first = false;
          text.member(member.index);
          this.value(reader, member.shape);
        }
        place.pop();
      } while (reader.more());
    }
    text.close();
  }

  private elements(reader: RecordReader, item: Shape): void {
    const { text, place } = this;
    text.openArray();
    if (!reader.took(CLOSE_ARRAY)) {
      for (let index = 0; ; index++) {
        if (index > 0) text.comma();
        place.push(index);
        this.value(reader, item);
        place.pop();
        reader.space();
        if (reader.took(CLOSE_ARRAY)) break;
        reader.expect(COMMA, 'a comma or ]');
        reader.space();
      }
    }
    text.closeArray();
  }

  private notNested(kind: Shape['kind']): JsonProblem {
    return new JsonProblem(`member ${this.where()} is a plain value, expected an ${kind}`);
  }

  private where(): string {
    return JSON.stringify(this.pointer + this.place.map((key) => pointerOf(String(key))).join(''));
  }
}

function shapeOf({ type }: Column): Shape {
  switch (type.kind) {
    case 'object': return { kind: 'object', begun: 0, members: new Map(type.members.map((member, index) => [memberName(member), { index, shape: shapeOf(member), seenIn: 0 }])) };
    case 'array': return { kind: 'array', item: shapeOf(type.item) };
    default: return { kind: 'plain' };
  }
}
