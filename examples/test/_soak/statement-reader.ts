/** One whole message of a client. */
export interface ClientMessage {
  readonly length: number;
  /** What it is in the protocol, in words. */
  readonly type: string;
  /** What it makes the server do; undefined for one that is no step of its own. */
  readonly step?: string;
  /** Whether the server answers it; what has no answer is applied when it is delivered. */
  readonly answered?: boolean;
}

/** Tells the messages of one session apart, in the protocol of its server. */
export interface StatementReader {
  /** The first message of what has arrived; undefined while it is not whole. */
  next(arrived: Buffer): ClientMessage | undefined;
}

/** The beginning of a statement, on one line. */
export function beginning(text: string): string {
  return text.trim().replace(/\s+/g, ' ').slice(0, 60);
}
