import { beginning, type ClientMessage, type StatementReader } from './statement-reader';

const HEADER_BYTES = 4;
/** Commands that make the server do something. */
const COMMANDS: Readonly<Record<number, string>> = { 0x03: 'query', 0x16: 'prepare', 0x17: 'execute' };
const QUERY = 0x03;

/** The protocol of MySQL and MariaDB: every statement is one step, and so are the first data of each LOAD DATA and its end. */
export class MysqlStatements implements StatementReader {
  /** Where a LOAD DATA stands, while there is one. */
  private loading: 'asked' | 'sends' | undefined;

  next(arrived: Buffer): ClientMessage | undefined {
    if (arrived.length < HEADER_BYTES) return undefined;
    const body = arrived.readUIntLE(0, 3);
    const length = HEADER_BYTES + body;
    if (arrived.length < length) return undefined;
    // Each command begins a new sequence; what follows in one is data, or how the session logs in.
    if (arrived[3] !== 0) return this.data(body, length);
    const command = arrived[HEADER_BYTES] as number;
    const message = { length, type: `MariaDB: command ${command}` };
    const text = command === QUERY ? arrived.toString('utf8', HEADER_BYTES + 1, length).trimStart() : '';
    this.loading = /^LOAD DATA/i.test(text) ? 'asked' : undefined;
    const statement = COMMANDS[command];
    return statement === undefined ? message : { ...message, step: `MariaDB: ${statement} ${beginning(text)}`.trimEnd(), answered: true };
  }

  private data(body: number, length: number): ClientMessage {
    const was = this.loading;
    const message = { length, type: was === undefined ? 'MariaDB: log in' : 'MariaDB: more data of LOAD DATA' };
    if (was === undefined) return message;
    this.loading = body === 0 ? undefined : 'sends';
    if (body === 0) return { ...message, step: 'MariaDB: end of LOAD DATA', answered: true };
    return was === 'asked' ? { ...message, step: 'MariaDB: data of LOAD DATA' } : message;
  }
}
