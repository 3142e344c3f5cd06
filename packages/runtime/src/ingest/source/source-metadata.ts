import type { SourceHead } from './shard-reader';

/** Name of the object metadata that keeps what the source told, for a try that finds the object in place. */
const NAME = 'headrace-source';

/** S3 takes 2 KB of metadata in all; a source with longer headers is only less well remembered. */
const MAX_BYTES = 1_500;

type Remembered = Pick<SourceHead, 'identity' | 'bytes' | 'export' | 'follow' | 'followLost'>;

/** Object metadata is ASCII, and headers are not always: the document goes in as base64. */
export function sourceToMetadata(head: SourceHead): Record<string, string> {
  const { identity, bytes, follow } = head;
  const all = encode({ identity, bytes, export: head.export, follow });
  if (all !== undefined) return { [NAME]: all };
  // Whoever finds the object must know that the series goes on, even if not where.
  const less = follow === undefined ? undefined : encode({ identity, bytes, followLost: true }) ?? encode({ identity: {}, bytes, followLost: true });
  return less === undefined ? {} : { [NAME]: less };
}

function encode(remembered: Remembered): string | undefined {
  const text = Buffer.from(JSON.stringify(remembered), 'utf8').toString('base64');
  return text.length <= MAX_BYTES ? text : undefined;
}

/** Reverses {@link sourceToMetadata}; undefined where nothing readable was kept. */
export function sourceFromMetadata(metadata: Readonly<Record<string, string>>): Remembered | undefined {
  const text = metadata[NAME];
  if (text === undefined) return undefined;
  try {
    return JSON.parse(Buffer.from(text, 'base64').toString('utf8')) as Remembered;
  } catch {
    return undefined;
  }
}
