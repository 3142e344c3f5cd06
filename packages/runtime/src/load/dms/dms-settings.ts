import type { Fields } from '../../run/settings';

/** What the tasks of a load stage know of DMS. */
export interface DmsSettings {
  /** Where the files for DMS lie: the folder of the source endpoint, ending with a slash. */
  readonly handOff: { readonly bucket: string; readonly prefix: string };
  /** Source tables of each dataset: as many commits of it can one replication task load. 1 to 49. */
  readonly lanes: number;
  /** Longest text, in KiB, of a column without a length. 1 to 102,400. */
  readonly maxTextKiB: number;
}

export function readDmsSettings(fields: Fields): DmsSettings {
  return {
    handOff: fields.child('handOff', (handOff) => ({
      bucket: handOff.text('bucket'), prefix: handOff.text('prefix', { pattern: /\/$/, rule: 'must end with a slash' }),
    })),
    lanes: fields.integer('lanes', { min: 1, max: 49 }),
    maxTextKiB: fields.integer('maxTextKiB', { min: 1, max: 102_400 }),
  };
}
