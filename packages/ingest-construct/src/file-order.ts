/** The order of files in a batch. */
export enum FileOrder {
  /** By name, byte by byte. */
  NAME = 'name',

  /** The file that was changed first comes first; files of the same time by name. */
  MODIFIED = 'modified',
}
