import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { userError } from '../../errors/pipeline-error';
import type { Opened, SeriesPart, ShardReader, ShardSeries } from '../source/shard-reader';
import type { ShardToRead } from '../source/source-kind';
import type { ContainerFile, ContainerFiles } from './container-files';
import type { ShardDocument } from './shard-document';

/** Of one read; large enough that a disk is read in order. */
const CHUNK_BYTES = 1024 * 1024;

/**
 * The files of a container, by name.
 *
 * Another try runs the container again, and what it writes then may differ. So the parts have a word of this try in their
 * names: nobody adopts a part of another try, and files of two tries never stand in one commit.
 */
export class FileSeries implements ShardSeries {
  readonly cursorTo?: string;
  private readonly word = randomBytes(4).toString('hex');
  private at = 0;

  constructor(private readonly shard: ShardToRead<ShardDocument>, private readonly found: ContainerFiles) {
    this.cursorTo = found.document.cursorTo;
  }

  next(): SeriesPart | undefined {
    const { url } = this.shard;
    const number = this.at;
    this.at += 1;
    if (this.found.document.unchanged && number === 0) return part(url, this.word, { open: async () => ({ outcome: 'unchanged', since: this.shard.read.last?.seq }) });
    const file = this.found.files[number];
    if (file === undefined) return undefined;
    return part(`${url}#${encodeURIComponent(file.name)}`, `${this.word}-${file.name}`, { open: async () => opened(file), records: file.told.records });
  }
}

function part(url: string, fileName: string, reader: Pick<ShardReader, 'open' | 'records'>): SeriesPart {
  return {
    url, fileName,
    reader: () => ({ tries: 1, close: () => undefined, ...reader }),
    adopt: () => { throw userError('RAW_TAKEN', `the part ${fileName} is in Raw before it was read; start the next attempt`, { fileName }); },
    end: () => undefined,
  };
}

function opened({ path, bytes, told }: ContainerFile): Opened {
  const { records: _, ...identity } = told;
  return { outcome: 'open', head: { identity, bytes, endMarked: true }, body: createReadStream(path, { highWaterMark: CHUNK_BYTES }) };
}
