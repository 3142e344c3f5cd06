import type { Dataset } from '../../../contract/contract';
import type { ObjectRef, ObjectStore } from '../../../stores/object-store';
import type { EngineSession } from '../../engine/duckdb-engine';
import type { RejectedRecord } from '../quarantine-writer';
import type { TextSegment } from './text-records';

/** A part whose values have types, and where what is read of it goes. */
export interface TypedPart {
  readonly store: ObjectStore;
  readonly ref: ObjectRef;
  /** Of the object. */
  readonly bytes: number;
  /** Names it in errors. */
  readonly source: string;
  readonly dataset: Dataset;
  /** For local files. */
  readonly directory: string;
  /** About what a segment has. */
  readonly segmentBytes: number;
  /** Of the engine, to look into the part. */
  readonly session: EngineSession;
  readonly signal?: AbortSignal;
  /** Told the names of the part's columns once they are known. */
  useColumns(names: readonly string[], unused?: readonly string[]): void;
  /** Takes a segment; resolves when the reader may go on. */
  curate(segment: TextSegment): Promise<void>;
  /** Takes a record that cannot be told as texts. */
  bad(record: RejectedRecord): void;
  /** Waits until there is room for more bad records. */
  flush(): Promise<void>;
}
