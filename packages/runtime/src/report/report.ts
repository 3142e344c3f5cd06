import { levelOf, textOf, type Level, type MessageCode } from './catalogue';

export type MessageData = Readonly<Record<string, unknown>>;

/** One line of the log. */
export interface Message {
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly code: MessageCode;
  readonly level: Level;
  readonly message: string;
  readonly data: MessageData;
}

export interface ReportOptions {
  /** Receives each line, without its line break. @default - standard output */
  readonly write?: (line: string) => void;
  /** Members that every line carries, such as step and index. */
  readonly context?: MessageData;
  readonly now?: () => Date;
}

/** Shorter secrets are not replaced: they would tear ordinary words apart, and are none. */
const MIN_SECRET_LENGTH = 4;

/** Writes coded messages as JSON lines. */
export class Report {
  private readonly write: (line: string) => void;
  private readonly now: () => Date;
  private readonly secrets: string[];

  constructor(private readonly options: ReportOptions = {}, secrets: string[] = []) {
    this.write = options.write ?? ((line) => process.stdout.write(`${line}\n`));
    this.now = options.now ?? (() => new Date());
    this.secrets = secrets;
  }

  /** Prints one message. Level and text come from the catalogue. */
  say(code: MessageCode, data: MessageData = {}): void {
    this.write(this.line(code, data));
  }

  /** The line that {@link say} would print, for those who print elsewhere. */
  line(code: MessageCode, data: MessageData = {}): string {
    const message: Message = {
      time: this.now().toISOString(), code, level: levelOf(code), message: textOf(code, data), data: { ...this.options.context, ...data },
    };
    return this.redact(JSON.stringify(message, plain));
  }

  /** From now on the secret is replaced in every line of this report and of those made from it. */
  protect(secret: string): void {
    if (secret.length < MIN_SECRET_LENGTH) return;
    // A line is JSON, so the secret stands there in its escaped form.
    this.secrets.push(JSON.stringify(secret).slice(1, -1));
    if (encodeURIComponent(secret) !== secret) this.secrets.push(encodeURIComponent(secret));
    this.secrets.sort((a, b) => b.length - a.length);
  }

  /** Replaces protected secrets in any text. */
  redact(text: string): string {
    return this.secrets.reduce((result, secret) => result.replaceAll(secret, '***'), text);
  }

  /** A report whose lines carry more context; it shares the protected secrets. */
  with(context: MessageData): Report {
    return new Report({ ...this.options, context: { ...this.options.context, ...context } }, this.secrets);
  }
}

/** JSON has no bigint, and an Error would become `{}`. */
function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Error && !('toJSON' in value)) return `${value.name}: ${value.message}`;
  return value;
}
