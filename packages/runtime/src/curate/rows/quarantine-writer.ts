import { join } from 'node:path';
import { unlink } from 'node:fs/promises';
import type { RejectCode } from '../../contract/reject-codes';
import { QUARANTINE_COLUMNS } from '../../contract/rejects-table';
import { quoteLiteral } from '../../contract/quote-identifier';
import type { QuarantinePart } from '../../run/manifest';
import type { ObjectRef, ObjectStore } from '../../stores/object-store';
import type { EngineSession } from '../engine/duckdb-engine';

/** One rejected record. */
export interface RejectedRecord {
  readonly code: RejectCode;
  /** The column at fault; absent when the record did not frame. */
  readonly column?: string;
  /** Why, for people; never holds a value. */
  readonly reason: string;
  /** The record's bytes in the source, without the line end. */
  readonly bytes: Buffer;
  /** Of its first byte in the (decompressed) source. */
  readonly offset: number;
  /** 1-based. */
  readonly line: number;
}

/** A file is written when this many bytes are rejected, so that memory stays flat when all records are bad. */
const FLUSH_BYTES = 16 * 1024 * 1024;
const FLUSH_RECORDS = 50_000;

export interface QuarantineOptions {
  /** Opens one of its own, for the first records. */
  readonly session: () => Promise<EngineSession>;
  readonly store: ObjectStore;
  readonly directory: string;
  /** Key of the raw part, stored with each record. */
  readonly part: string;
  /** Where the n-th file goes, from 0. */
  readonly target: (file: number) => ObjectRef;
  readonly maxRecordBytes: number;
  readonly signal?: AbortSignal;
}

/** Collects rejected records and writes them as Parquet below the quarantine prefix. */
export class QuarantineWriter {
  readonly counts: { [code in RejectCode]?: number } = {};
  readonly parts: QuarantinePart[] = [];
  private records: RejectedRecord[] = [];
  private bytes = 0;
  private flushing: Promise<void> = Promise.resolve();
  private session?: EngineSession;

  constructor(private readonly options: QuarantineOptions) {}

  /** Total of rejected records. */
  get total(): number {
    return Object.values(this.counts).reduce((sum, count) => sum + count, 0);
  }

  /** True when {@link flush} should be awaited before more is added. */
  get full(): boolean {
    return this.bytes >= FLUSH_BYTES || this.records.length >= FLUSH_RECORDS;
  }

  /** Takes a record; its bytes must belong to the writer from now on. */
  add(record: RejectedRecord): void {
    this.records.push(record);
    this.bytes += record.bytes.length + 200;
    this.counts[record.code] = (this.counts[record.code] ?? 0) + 1;
  }

  /** Writes what was collected; calls wait for each other. */
  flush(): Promise<void> {
    this.flushing = this.flushing.then(() => this.write());
    return this.flushing;
  }

  private async write(): Promise<void> {
    if (this.records.length === 0) return;
    const { store, directory, target, signal } = this.options;
    const session = this.session ??= await this.options.session();
    const records = this.records.sort((a, b) => a.offset - b.offset);
    this.records = [];
    this.bytes = 0;
    const path = join(directory, `quarantine-${this.parts.length}.parquet`);
    await session.run(CREATE_TABLE);
    await this.append(session, records);
    await session.run(`COPY (SELECT * FROM quarantine ORDER BY byte_offset) TO ${quoteLiteral(path)} (FORMAT parquet, COMPRESSION zstd)`);
    const ref = target(this.parts.length);
    const { bytes, sha256 } = await store.putFile(ref, path, { signal });
    await unlink(path);
    this.parts.push({ key: ref.key, bytes, sha256, records: records.length });
  }

  private async append(session: EngineSession, records: readonly RejectedRecord[]): Promise<void> {
    const { part, maxRecordBytes } = this.options;
    const appender = await session.connection.createAppender('quarantine');
    for (const record of records) {
      appender.appendVarchar(part);
      appender.appendBigInt(BigInt(record.offset));
      appender.appendBigInt(BigInt(record.line));
      appender.appendVarchar(record.code);
      if (record.column === undefined) appender.appendNull();
      else appender.appendVarchar(record.column);
      appender.appendVarchar(record.reason);
      appender.appendBlob(record.bytes.subarray(0, maxRecordBytes));
      appender.endRow();
    }
    appender.flushSync();
    appender.closeSync();
  }
}

const CREATE_TABLE = `CREATE OR REPLACE TEMP TABLE quarantine (${QUARANTINE_COLUMNS.map(({ name, duckdbType }) => `${name} ${duckdbType}`).join(', ')})`;
