const SIMPLE: Readonly<Record<string, string>> = {
  boolean: 'BOOLEAN', tinyint: 'TINYINT', smallint: 'SMALLINT', int: 'INTEGER', integer: 'INTEGER', bigint: 'BIGINT',
  float: 'FLOAT', double: 'DOUBLE', string: 'VARCHAR', date: 'DATE', timestamp: 'TIMESTAMP', binary: 'BLOB',
};

/**
 * The DuckDB type of a Hive type as the Glue catalog writes it.
 *
 * @throws Error for a type that is not known
 */
export function duckdbTypeOf(hiveType: string): string {
  const parser = new HiveTypeParser(hiveType.toLowerCase());
  const type = parser.type();
  parser.end();
  return type;
}

class HiveTypeParser {
  private at = 0;

  constructor(private readonly text: string) {}

  type(): string {
    const name = this.take(/\s*[a-z]+/y).trim();
    switch (name) {
      case 'decimal': return `DECIMAL(${this.take(/\(\s*\d+\s*(,\s*\d+\s*)?\)/y, '(10,0)').slice(1, -1)})`;
      case 'varchar':
      case 'char':
        this.take(/\(\s*\d+\s*\)/y);
        return 'VARCHAR';
      case 'array': return `${this.inBrackets(() => this.type())}[]`;
      case 'map': return `MAP(${this.inBrackets(() => `${this.type()}, ${this.after(',', () => this.type())}`)})`;
      case 'struct': return `STRUCT(${this.inBrackets(() => this.fields())})`;
      default: {
        const simple = SIMPLE[name];
        return simple ?? this.fail(`${JSON.stringify(name)} is no Hive type that is known here`);
      }
    }
  }

  end(): void {
    if (this.text.slice(this.at).trim() !== '') this.fail('text follows the type');
  }

  private fields(): string {
    const fields: string[] = [];
    do {
      const name = this.take(/\s*[^:<>,]+/y).trim();
      fields.push(`"${name.replace(/"/g, '""')}" ${this.after(':', () => this.type())}`);
    } while (this.take(/,/y, '') !== '');
    return fields.join(', ');
  }

  private inBrackets(inside: () => string): string {
    const found = this.after('<', inside);
    return this.after('>', () => found);
  }

  private after(sign: string, then: () => string): string {
    if (this.text[this.at] !== sign) this.fail(`'${sign}' was expected`);
    this.at++;
    return then();
  }

  private take(pattern: RegExp, otherwise?: string): string {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.text)?.[0];
    if (match === undefined) return otherwise ?? this.fail('the type is not complete');
    this.at += match.length;
    return match;
  }

  private fail(why: string): never {
    throw new Error(`invalid type ${JSON.stringify(this.text)} at character ${this.at + 1}: ${why}`);
  }
}
