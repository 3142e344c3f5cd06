import type { PublishedLine } from '../../contract';
import { readEntries, type LogEntry } from '../../run/commit-log';
import type { CuratedManifest } from '../../run/manifest';
import type { Abortable, ObjectStore } from '../../stores/object-store';
import { curatedLog } from '../curated-log';
import type { CurateSettings } from '../settings';

/** The removals in the log of a dataset. Each is read once, however often somebody asks. */
export class Removals {
  private readonly read = new Map<number, LogEntry<CuratedManifest>>();

  constructor(private readonly store: ObjectStore, private readonly settings: CurateSettings, private readonly dataset: string) {}

  /** Those among some lines of the log, in their order. */
  async among(lines: readonly PublishedLine[], options: Abortable = {}): Promise<LogEntry<CuratedManifest>[]> {
    const seqs = lines.filter(({ kind }) => kind === 'removal').map(({ seq }) => seq);
    const unread = seqs.filter((seq) => !this.read.has(seq));
    const entries = await readEntries<CuratedManifest>(this.store, curatedLog(this.settings, this.dataset), unread, options);
    for (const entry of entries) this.read.set(entry.seq, entry);
    return seqs.map((seq) => this.read.get(seq)!);
  }

  /** The units whose files go or are gone. */
  async units(lines: readonly PublishedLine[], options: Abortable = {}): Promise<ReadonlySet<string>> {
    const entries = await this.among(lines, options);
    return new Set(entries.flatMap(({ manifest: { removed = [] } }) => removed));
  }
}
