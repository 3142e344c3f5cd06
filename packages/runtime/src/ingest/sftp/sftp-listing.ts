import type { Stats } from 'ssh2';
import type { SourceIdentity } from '../../run/manifest';
import type { ListedFile } from '../source/file-selection';
import type { SftpConnection } from './sftp-connection';
import { sftpUrl, type SftpSourceSettings } from './sftp-settings';

/** What one file needs. */
export interface SftpRead {
  readonly path: string;
}

/** Regular files below the folder. Only a glob that can match deeper names leads into folders; links to folders are never followed. */
export async function* listFiles(connection: SftpConnection, source: SftpSourceSettings): AsyncGenerator<ListedFile<SftpRead>> {
  const deep = source.glob !== undefined && (source.glob.includes('/') || source.glob.includes('**'));
  // The next one is the last.
  const folders = [''];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const found: string[] = [];
    for await (const { filename, attrs } of connection.list(join(source.path, folder))) {
      if (filename === '.' || filename === '..') continue;
      const name = folder === '' ? filename : `${folder}/${filename}`;
      const path = join(source.path, name);
      const stats = attrs.isSymbolicLink() ? await connection.stat(path).catch(() => undefined) : attrs;
      if (attrs.isDirectory() && deep) found.push(name);
      if (stats?.isFile() !== true) continue;
      yield {
        name, url: sftpUrl(source, path), bytes: stats.size, modifiedAt: stats.mtime * 1_000, identity: identityOf(stats), read: { path },
      };
    }
    for (const next of found.sort().reverse()) folders.push(next);
  }
}

/**
 * The protocol tells size and time and no more; both make the version. Times are whole seconds, which is why files settle
 * before they are read.
 */
export function identityOf({ size, mtime }: Pick<Stats, 'size' | 'mtime'>): SourceIdentity {
  return { etag: `"${size}-${mtime}"`, lastModified: new Date(mtime * 1_000).toISOString(), bytes: size };
}

function join(folder: string, name: string): string {
  if (name === '') return folder;
  return folder.endsWith('/') ? `${folder}${name}` : `${folder}/${name}`;
}
