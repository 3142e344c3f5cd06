import { CLOSE, CLOSE_ARRAY, COMMA, JsonProblem, notPlain, OPEN, RecordReader } from './json-record';
import type { MemberNode } from './member-tree';

/** Reads records whose columns are inside of objects and arrays, or are such as a whole or by their JSON text. */
export class NestedRecords {
  private record = 0;

  /** @param exact whether a member or element that no column comes from is refused */
  constructor(private readonly root: MemberNode, private readonly exact: boolean) {}

  /** Puts the texts of one record into `values`; what is absent stays as it is. Throws {@link JsonProblem}. */
  read(record: Buffer, values: (Buffer | null | undefined)[]): void {
    this.record++;
    const reader = new RecordReader(record);
    reader.begin();
    this.members(reader, this.root, values, this.exact);
    reader.end();
  }

  private members(reader: RecordReader, node: MemberNode, values: (Buffer | null | undefined)[], exact: boolean): void {
    if (reader.took(CLOSE)) return;
    let unknown: Set<string> | undefined;
    do {
      const name = reader.name();
      const child = node.children.get(name);
      if (child === undefined ? unknown?.has(name) : child.seenIn === this.record) throw new JsonProblem(`member ${place(node, name)} stands twice`);
      if (child !== undefined) {
        child.seenIn = this.record;
        this.value(reader, child, values, exact);
        continue;
      }
      if (exact) throw unknownMember('member', place(node, name));
      (unknown ??= new Set()).add(name);
      reader.skip();
    } while (reader.more());
  }

  private elements(reader: RecordReader, node: MemberNode, values: (Buffer | null | undefined)[], exact: boolean): void {
    if (node.named !== undefined) throw new JsonProblem(`member ${node.pointer} is an array, and the contract has columns at ${place(node, node.named)}`);
    if (reader.took(CLOSE_ARRAY)) return;
    for (let index = 0; ; index++) {
      const child = node.children.get(String(index));
      if (child !== undefined) this.value(reader, child, values, exact);
      else if (exact) throw unknownMember('element', place(node, String(index)));
      else reader.skip();
      reader.space();
      if (reader.took(CLOSE_ARRAY)) return;
      reader.expect(COMMA, 'a comma or ]');
      reader.space();
    }
  }

  private value(reader: RecordReader, node: MemberNode, values: (Buffer | null | undefined)[], exact: boolean): void {
    const { column, children, pointer } = node;
    if (column?.nested !== undefined) {
      values[column.index] = column.nested.read(reader);
      return;
    }
    const start = reader.at;
    const opening = reader.container();
    let plain: Buffer | null | undefined;
    if (opening === undefined) {
      plain = reader.plain();
      if (children.size > 0 && plain !== null) throw new JsonProblem(`member ${pointer} is a plain value, and the contract has columns inside of it`);
    } else if (children.size > 0) {
      // A column that has the whole text knows all that is in it.
      this.inside(reader, node, values, exact && column === undefined, opening);
    } else {
      if (column?.json !== true) throw new JsonProblem(notPlain(pointer, opening));
      reader.skip();
    }
    if (column === undefined) return;
    values[column.index] = column.json && plain !== null ? reader.textFrom(start) : plain;
  }

  private inside(reader: RecordReader, node: MemberNode, values: (Buffer | null | undefined)[], exact: boolean, opening: number): void {
    reader.at++;
    reader.space();
    if (opening === OPEN) this.members(reader, node, values, exact);
    else this.elements(reader, node, values, exact);
  }
}

function place(node: MemberNode, key: string): string {
  return node.pointer === '' ? JSON.stringify(key) : JSON.stringify(`${node.pointer}/${key}`);
}

function unknownMember(what: string, where: string): JsonProblem {
  return new JsonProblem(`${what} ${where} is not in the contract; declare headraceRecord.header: subset to leave it out`);
}
