import { CONTRACT_SCHEMA } from '../gates/run-contract';
import type { Mutation } from './mutation';

const MANIFEST = 'packages/runtime/src/run/manifest.ts';
const STAGE_IO = 'packages/runtime/src/run/stage-io.ts';
const CONTRACT = 'packages/runtime/src/contract';

function mutation(name: string, file: string, from: string, to: string, says?: RegExp): Mutation {
  return { name, folder: 'packages/runtime', file, from, to, bump: says === undefined ? 'none' : 'major', ...(says === undefined ? {} : { gate: 'run contract' as const, says }) };
}

/** Changes of what stages tell each other, and of what they take as a data contract. */
export const CONTRACT_MUTATIONS: readonly Mutation[] = [
  mutation('a manifest needs a new member', MANIFEST, 'readonly peakMemoryBytes: number;', 'readonly peakMemoryBytes: number;\n  readonly region: string;', /RawManifest of the last release is no document of this one.*'region' is missing.*lies in buckets/s),
  mutation('a manifest loses a member', MANIFEST, '  readonly ingestManifestKey: string;\n', '', /CuratedManifest of this release is no document of the last one.*'ingestManifestKey' is missing/s),
  mutation('a member of a part is renamed', MANIFEST, '  /** Records without the header line. */\n  readonly records: Count;', '  readonly rows: Count;', /RawManifest .*'(rows|records)'/s),
  mutation('a count is a text', MANIFEST, "export type Count = number | 'unknown';", 'export type Count = string;', /RawManifest .*string.*number/s),
  mutation('there is a new kind of commit', MANIFEST, "'compaction' | 'removal';", "'compaction' | 'removal' | 'repair';", /of this release is no document of the last one.*kind.*repair/s),
  mutation('a state input needs a deadline', STAGE_IO, 'readonly deadline?: string;', 'readonly deadline: string;', /StageInput of the last release is no document of this one.*deadline/s),
  mutation('there is a new outcome', STAGE_IO, "'already-committed' | 'nothing';", "'already-committed' | 'nothing' | 'late';", /StageOutput of this release is no document of the last one/),
  mutation('a contract may no longer say snapshot', `${CONTRACT}/parse/parse-dataset.ts`, "['append', 'snapshot', 'changes']", "['append', 'changes']", /data contract .* is refused now.*snapshot/s),
  mutation('fixed-width files are no longer valid', CONTRACT_SCHEMA, '"fixed-width", "parquet", "avro"', '"parquet", "avro"', /no longer takes "fixed-width".*refused after the upgrade/s),
  mutation('records must be shorter', CONTRACT_SCHEMA, '"maximum": 67108864', '"maximum": 1048576', /maxRecordBytes takes less: maximum is lower/),
  mutation('a manifest may have a note', MANIFEST, 'readonly peakMemoryBytes: number;', 'readonly peakMemoryBytes: number;\n  readonly note?: string;'),
  mutation('records may be longer', CONTRACT_SCHEMA, '"maximum": 67108864', '"maximum": 134217728'),
];
