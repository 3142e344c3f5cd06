/** More attributes in a tag are no data, and may not cost memory without end. */
const MAX_ATTRIBUTES = 10_000;

/** The names of the attributes of one tag, which must differ. */
export class AttributeNames {
  private first?: string;
  private all?: Set<string>;

  /** A tag begins. */
  clear(): void {
    this.first = undefined;
    this.all = undefined;
  }

  /** What is wrong with another name, given as its bytes, each as one character. */
  add(name: string): string | undefined {
    if (this.first === undefined) {
      this.first = name;
      return undefined;
    }
    this.all ??= new Set([this.first]);
    if (this.all.has(name)) return `attribute ${JSON.stringify(Buffer.from(name, 'latin1').toString())} stands twice`;
    if (this.all.size === MAX_ATTRIBUTES) return `more than ${MAX_ATTRIBUTES.toLocaleString('en-US')} attributes`;
    this.all.add(name);
    return undefined;
  }
}
