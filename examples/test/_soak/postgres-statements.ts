import { beginning, type ClientMessage, type StatementReader } from './statement-reader';

/** Messages that make the server do something: a simple query, an execution, the end of a COPY. */
const STATEMENTS: Readonly<Record<string, string>> = { Q: 'query', E: 'execute', c: 'end of COPY' };
const COPY_DATA = 'd';

/** PostgreSQL's protocol: every statement is one step, and so is the first data of each COPY. */
export class PostgresStatements implements StatementReader {
  private started = false;
  private copying = false;
  /** What an execution will run. */
  private prepared = '';

  next(arrived: Buffer): ClientMessage | undefined {
    if (arrived.length < 5) return undefined;
    // The first message of a session has no type.
    const length = this.started ? arrived.readUInt32BE(1) + 1 : arrived.readUInt32BE(0);
    if (arrived.length < length) return undefined;
    const type = this.started ? String.fromCharCode(arrived[0] as number) : '';
    const message = { length, type: `PostgreSQL: message ${type === '' ? 'of the start' : type}` };
    this.started = true;
    const isFirstData = type === COPY_DATA && !this.copying;
    this.copying = type === COPY_DATA;
    if (isFirstData) return { ...message, step: 'PostgreSQL: data of COPY' };
    // The name of a prepared statement, and its text.
    if (type === 'P') [, this.prepared = ''] = arrived.toString('utf8', 5, length).split('\0');
    const statement = STATEMENTS[type];
    if (statement === undefined) return message;
    const text = type === 'Q' ? arrived.toString('utf8', 5, length - 1) : type === 'E' ? this.prepared : '';
    return { ...message, step: `PostgreSQL: ${statement} ${beginning(text)}`.trimEnd(), answered: true };
  }
}
