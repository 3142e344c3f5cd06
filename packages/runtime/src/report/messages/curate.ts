export const CURATE_MESSAGES = {
  CURATE_I1001: 'planned {units} ingest commits with {items} raw parts for run {runId}, attempt {attempt}',
  CURATE_I1002: 'planned {compactions} compactions for run {runId}, attempt {attempt}',
  CURATE_I1101: '{dataset}: {key} has {parsed} records, {kept} kept, {rejected} rejected',
  CURATE_I1102: '{dataset}: {key} has fields that the contract leaves out: {fields}',
  CURATE_I1201: '{dataset}: {unitId} shaped, {kept} rows in, {written} written, {deduplicated} deduplicated, {files} files',
  CURATE_I1202: '{dataset}: {unitId} does not fit {memoryMiB} MiB of the engine, because of long texts; it is shaped again with half of the container\'s memory',
  CURATE_I1301: '{dataset}: {unitId} committed as number {seq}, {written} rows in {files} files, {rejected} records in quarantine',
  CURATE_I1302: '{dataset}: {unitId} is not committed, ingest commit {ingestSeq} was curated before as number {seq}',
  CURATE_I1303: '{dataset}: current state published, {current} of {commits} commits are current',
  CURATE_I1304: '{dataset}: {unitId} is not committed, another run has changed the commits whose place it was to take',
  CURATE_I1401: '{dataset}: {unitId} joins {commits} commits with {before} files into {after} files, {rows} rows',
  CURATE_W1301: '{dataset}: {partitions} catalog partitions of {unitId} could not be removed: {reason}',
} as const;
