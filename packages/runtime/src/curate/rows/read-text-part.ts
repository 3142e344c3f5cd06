import { SourceOffsets } from './encoding/source-offsets';
import { sourceEncoding, type SourceEncoding } from './encoding/source-encoding';
import { TranscodedRecords } from './encoding/transcoded-records';
import type { RowsOptions } from './curate-rows';
import { compressionOf, readPacked } from './packed/packed-source';
import type { PartSegments } from './part-segments';
import type { QuarantineWriter } from './quarantine-writer';
import { scanRecords, type SourceExtent } from './record-blocks';
import { MOST_NUMBERED_RUNS } from './record-numbers';
import { SegmentRecords } from './segment-records';
import { SegmentWriter } from './segment-writer';
import { readHeader, WHOLE_PART, type ShareRange } from './share-range';
import { textPart, type TextPart } from './text-part';

/** Bytes of a segment: enough rows for full row groups, few enough that two in flight fit a small task. */
export const SEGMENT_BYTES = 32 * 1024 * 1024;

/**
 * A part of so many segments or fewer has twice as many, of half the length: what is done when its first is there and after its last
 * one was read is done by few threads (measured: 75 MB in 0.9 of the time, and 750 MB in the same).
 */
const FEW_SEGMENTS = 4;

export interface TextPartOptions extends Pick<RowsOptions, 'dataset' | 'item' | 'rawBucket' | 'store' | 'signal' | 'segmentBytes' | 'blockBytes'> {
  /** For local files. */
  readonly directory: string;
  /** Names the part in errors. */
  readonly source: string;
  /** What is read of it. */
  readonly range: ShareRange;
  readonly segments: PartSegments;
  readonly quarantine: QuarantineWriter;
  /** Told the names of fields that no column uses. */
  readonly sayUnused: (fields: readonly string[]) => void;
}

/** Reads a part whose records are texts; its segments may still be at work when it is read. */
export async function readTextPart(options: TextPartOptions): Promise<SourceExtent> {
  return new TextPartReader(options).read();
}

class TextPartReader {
  constructor(private readonly options: TextPartOptions) {}

  async read(): Promise<SourceExtent> {
    const { dataset, source, blockBytes } = this.options;
    const part = textPart(dataset, source, blockBytes);
    const encoding = sourceEncoding(dataset.record.encoding);
    const writer = this.openWriter(part, encoding);
    try {
      const extent = await this.scan(part, writer, encoding);
      await writer.finish();
      return extent;
    } catch (error) {
      await writer.discard();
      throw error;
    }
  }

  private openWriter(part: TextPart, encoding?: SourceEncoding): SegmentWriter {
    const { dataset, directory, segments, quarantine, segmentBytes = this.segmentBytes, range: { start } } = this.options;
    return new SegmentWriter({
      directory, encoding, targetBytes: segmentBytes, csvHeader: 'headrace', cutter: part.cutter,
      recordsBefore: start === undefined ? 0 : start.record - (part.hasHeader ? 1 : 0),
      mostRuns: dataset.lineageColumns === true ? MOST_NUMBERED_RUNS : undefined,
      takeProof: () => part.takeProof(),
      dispatch: (segment) => segments.start(async () => ({
        segment, ...(await part.readingOf(segment)), fieldMap: part.fieldMap, files: [segment.textsPath, segment.sourcePath],
        openRecords: () => SegmentRecords.open(segment, part.recordEnds, encoding),
      })),
      bad: (code, reason, bytes, offset, line) => quarantine.add({ code, reason, bytes: Buffer.from(bytes), offset, line }),
    });
  }

  private get segmentBytes(): number {
    const { bytes, share } = this.options.item;
    return bytes / (share?.of ?? 1) <= FEW_SEGMENTS * SEGMENT_BYTES ? SEGMENT_BYTES / 2 : SEGMENT_BYTES;
  }

  private async scan(part: TextPart, writer: SegmentWriter, encoding?: SourceEncoding): Promise<SourceExtent> {
    const { store, item, rawBucket: bucket, dataset: { record }, signal, source, quarantine, range: { start, end } } = this.options;
    const quote = record.multiline && record.quote !== '' ? record.quote.charCodeAt(0) : undefined;
    const ref = { bucket, key: item.key };
    if (start !== undefined && part.hasHeader) part.useHeader(await readHeader(ref, { record, source, store, signal }));
    let extent: SourceExtent | undefined;
    const read = async (chunks: AsyncIterable<Uint8Array>): Promise<void> => {
      const offsets = encoding && new SourceOffsets(encoding);
      const transcoder = encoding?.transcoder(source);
      const framed = offsets === undefined ? writer : new TranscodedRecords(writer, encoding!, offsets);
      const found = await scanRecords(offsets === undefined ? chunks : offsets.read(chunks, transcoder!), {
        source, maxRecordBytes: record.maxRecordBytes, quote, framed, signal, start, blockBytes: part.blockBytes,
        release: offsets && ((offset) => { offsets.release(offset); }),
        header: !part.hasHeader || start !== undefined ? undefined : {
          quote: quote ?? -1,
          read: (bytes) => {
            part.useHeader(bytes);
            this.options.sayUnused(part.fieldMap.unused);
          },
        },
        scanner: (line) => part.scanner(framed, (bytes) => { writer.canonical(bytes); }, line),
        flush: async () => {
          await writer.flush();
          if (quarantine.full) await quarantine.flush();
        },
      });
      extent = transcoder === undefined ? found : { ...found, bytes: transcoder.passed };
    };
    const range = this.options.range === WHOLE_PART ? undefined : { start: start?.offset ?? 0, ...(end === undefined ? {} : { end: end - 1 }) };
    await readPacked({ store, ref, range, bytes: item.bytes, compression: compressionOf(record, item), source, signal }, read);
    return extent!;
  }
}
