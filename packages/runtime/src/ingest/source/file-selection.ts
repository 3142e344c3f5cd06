import picomatch from 'picomatch';
import { userError } from '../../errors/pipeline-error';
import type { SourceIdentity } from '../../run/manifest';
import type { PlanCall, Shard, SourceSettings } from './source-kind';

/** The most files of one commit, by the width of the number in a part's key. */
export const MAX_FILES = 99_999;

/** Files of one run where the settings say nothing: a run of hours, and lists that a function holds with ease. */
export const DEFAULT_MAX_FILES = 10_000;

/** Which of the files below a folder belong to a dataset. Settings of every kind that lists files. */
export interface FileSettings extends SourceSettings {
  /** Of the name relative to the folder; `**` also matches across folders. */
  readonly glob?: string;
  readonly suffix?: string;
  /** Names that end so are left out: files that are still being written. */
  readonly ignoreSuffixes: readonly string[];
  /** `modified`: the oldest first; files of the same time by name. */
  readonly order: 'name' | 'modified';
  /** Files of one run; the rest waits for the next. */
  readonly maxFiles: number;
}

/** A file as a listing tells it. */
export interface ListedFile<R> {
  /** Relative to the folder. */
  readonly name: string;
  readonly url: string;
  readonly bytes?: number;
  /** Milliseconds since 1970. */
  readonly modifiedAt?: number;
  /** What tells the version; empty where the listing does not. */
  readonly identity: SourceIdentity;
  readonly read: R;
}

/**
 * Chooses what a run reads while files are listed, and keeps no more of them than the run may have.
 *
 * A snapshot is read whole or, when it is the one of the last commit, not at all. In the other histories each file stands for
 * itself, and one that the log knows in this version is left out. A back-fill takes the names in its range, known or not.
 */
export class FileSelection<R> {
  private files: ListedFile<R>[] = [];
  private listed = 0;
  private known = 0;
  private young = 0;
  private cut = false;
  private readonly matches: (name: string) => boolean;
  private readonly snapshot: boolean;

  constructor(private readonly settings: FileSettings, private readonly call: Pick<PlanCall<unknown>, 'dataset' | 'input' | 'known' | 'last' | 'report'>, private readonly place: string) {
    this.matches = settings.glob === undefined ? () => true : picomatch(settings.glob, { dot: true });
    this.snapshot = call.dataset.history === 'snapshot';
  }

  /** Whether files must be looked at that come later in the order of names. */
  get full(): boolean {
    return !this.snapshot && this.settings.order === 'name' && this.files.length > this.settings.maxFiles;
  }

  /** Whether a file of this name can belong to the dataset. */
  wants(name: string): boolean {
    const { suffix, ignoreSuffixes } = this.settings;
    const { range } = this.call.input;
    return (suffix === undefined || name.endsWith(suffix)) && !ignoreSuffixes.some((ignored) => name.endsWith(ignored)) && this.matches(name)
      && (range === undefined || (name >= range.from && name < range.to));
  }

  /** A wanted file that may still be written to; it waits for the next run. */
  leaveYoung(): void {
    this.young += 1;
  }

  add(file: ListedFile<R>): void {
    this.listed += 1;
    const same = this.call.input.range === undefined && sameVersion(file.identity, this.call.known.get(file.url)?.identity);
    if (same) this.known += 1;
    if (same && !this.snapshot) return;
    this.files.push(file);
    if (this.files.length > 2 * this.settings.maxFiles) this.keepFirst();
  }

  /** What is read, in order. */
  shards(): Shard<R>[] {
    const { report, dataset, last } = this.call;
    const { maxFiles } = this.settings;
    const whole = this.snapshot && this.call.input.range === undefined;
    if (whole && this.listed === 0) {
      throw userError('SOURCE_EMPTY', `${this.place} has no file of ${dataset.name}, and an empty snapshot would empty what is downstream; check prefix, path and glob. Nothing was committed`, { dataset: dataset.name, place: this.place });
    }
    // An unfinished file belongs to the snapshot as the others do.
    if (whole && this.young > 0) {
      throw userError('SOURCE_UNSETTLED', `${this.young} files of ${dataset.name} in ${this.place} were changed a moment ago, so the snapshot is not whole yet; start the next attempt later, or lower settle`, { dataset: dataset.name, young: this.young });
    }
    this.keepFirst();
    if (this.cut && this.snapshot) {
      throw userError('SOURCE_FILES', `${this.place} has ${this.listed} files of ${dataset.name}, maxFiles is ${maxFiles}, and a part of a snapshot must not stand for the whole; raise maxFiles (up to ${MAX_FILES}) or have the source write larger files`, { dataset: dataset.name, listed: this.listed, maxFiles });
    }
    const unchanged = whole && this.known === this.listed && last?.parts.length === this.listed;
    const chosen = unchanged ? [] : this.files;
    report.say('INGEST_I1003', { dataset: dataset.name, place: this.place, listed: this.listed, known: this.known, chosen: chosen.length, young: this.young });
    if (this.cut) report.say('INGEST_W1001', { dataset: dataset.name, maxFiles });
    return chosen.map(({ name, url, bytes, identity, read }) => ({
      url, fileName: name.slice(name.lastIndexOf('/') + 1), read, ...(bytes === undefined ? {} : { bytes }),
      ...(Object.values(identity).some((told) => told !== undefined) ? { identity } : {}),
    }));
  }

  private keepFirst(): void {
    const byName = (a: ListedFile<R>, b: ListedFile<R>): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
    if (this.settings.order === 'modified') this.files.sort((a, b) => (a.modifiedAt ?? 0) - (b.modifiedAt ?? 0) || byName(a, b));
    else this.files.sort(byName);
    if (this.files.length <= this.settings.maxFiles) return;
    this.files.length = this.settings.maxFiles;
    this.cut = true;
  }
}

/** Whether two versions of a file are one, by all that both tell of it. */
export function sameVersion(one: SourceIdentity, other: SourceIdentity | undefined): boolean {
  if (other === undefined || one.etag === undefined || one.etag !== other.etag) return false;
  return one.bytes === undefined || other.bytes === undefined || one.bytes === other.bytes;
}
