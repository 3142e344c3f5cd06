/** Why a document is not well formed; thrown within this folder only, and cheap: it has no stack. */
export class DocumentFault {
  constructor(readonly reason: string) {}
}

/** `begin`: a record begins {@link DocumentFramer.pending} bytes before `at`. `end`: it ended before `at`. `more`: all bytes were looked at. */
export type FrameEvent = 'begin' | 'end' | 'more';

/** Where the records of a document are, as far as it was read. */
export interface RecordsPlace {
  /** Why there can be no records where the contract says; the first reason stands. */
  readonly trouble?: string;
  /** Why the document that has ended has no records there; undefined where it has, or an empty list of them. */
  missing(): string | undefined;
}

/** Finds the records of one document while its bytes pass, and checks every byte against the grammar. Throws {@link DocumentFault}. */
export interface DocumentFramer {
  /** Where the reading is in the block; at the fault when one is thrown. */
  readonly at: number;
  /** 1-based line of the byte there. */
  readonly line: number;
  /** Whether the reading is inside a record. */
  readonly inRecord: boolean;
  /** Bytes before `at` that belong to a record which begins, or may do so. */
  readonly pending: number;
  readonly place: RecordsPlace;
  /** Looks on in `block[from, to)`, to the next event. */
  read(block: Buffer, from: number, to: number): FrameEvent;
  /** The document ends here. */
  end(): void;
}
