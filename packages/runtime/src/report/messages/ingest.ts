export const INGEST_MESSAGES = {
  INGEST_I1001: 'planned {pulls} pulls for run {runId}, attempt {attempt}',
  INGEST_I1002: '{dataset} was committed for run {runId} before, as number {seq}; it is not pulled again',
  INGEST_I1101: 'pulling {dataset} from {url}',
  INGEST_I1102: '{dataset}: {bytes} bytes, {records} records so far, {bytesPerSecond} bytes/s',
  INGEST_I1103: '{dataset} landed: {bytes} bytes, {records} records, sha256 {sha256}, in {seconds} s',
  INGEST_I1104: '{dataset} is unchanged at the source since commit {seq}',
  INGEST_I1105: '{dataset}: {key} was landed by an earlier try of this attempt; it is verified and kept',
  INGEST_W1201: '{dataset}: try {try} of {tries} failed with {error} at byte {offset}; next try in {delaySeconds} s: {reason}',
  INGEST_W1202: '{dataset}: the source changed while it was read; starting again from its first byte',
  INGEST_W1203: '{dataset}: the source does not tell its length; a cut at the end can only be seen where the transfer encoding shows it',
  INGEST_I1301: '{dataset} committed as number {seq}: {bytes} bytes, {records} records',
  INGEST_I1302: '{dataset}: nothing committed, outcome {outcome}',
} as const;
