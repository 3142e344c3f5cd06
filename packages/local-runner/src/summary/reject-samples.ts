import { DuckDBInstance, type DuckDBBlobValue } from '@duckdb/node-api';
import { existsSync, readFileSync } from 'node:fs';
import type { CuratedManifest } from '@headrace/runtime/run/manifest';
import { table } from '../commands/table';
import { cutText, printableText } from '../progress/printable-text';
import type { LocalStack } from '../stack/local-stack';
import type { RunSummary } from './run-summary';

/** Characters of a rejected record that are shown. */
const SHOWN = 60;

/** Rejected records by code with one sample each, from the quarantine of the run's commits. */
export async function rejectSamples(stack: LocalStack, summary: RunSummary): Promise<string> {
  const rows: string[][] = [];
  for (const [dataset, { stages }] of Object.entries(summary.datasets)) {
    if (stages.curate?.manifestKey === undefined) continue;
    const { files, masked } = quarantineOf(stack, stages.curate.manifestKey);
    for (const sample of files.length === 0 ? [] : await samples(files, masked)) rows.push([dataset, ...sample]);
  }
  return rows.length === 0 ? '' : `Rejected\n${table(['dataset', 'code', 'records', 'line', 'sample', 'reason'], rows)}`;
}

/** Where the rejected records of a commit are, and whether values of masked columns may be among them. */
function quarantineOf(stack: LocalStack, manifestKey: string): { files: string[]; masked: boolean } {
  for (const { ref: bucket } of stack.deployment.assembly.ofType('AWS::S3::Bucket')) {
    const file = stack.fileOf(bucket, manifestKey);
    if (file === undefined) continue;
    const { quarantine, masks } = JSON.parse(readFileSync(file, 'utf8')) as CuratedManifest;
    return { files: quarantine.parts.flatMap(({ key }) => stack.fileOf(bucket, key) ?? []).filter(existsSync), masked: masks !== undefined };
  }
  return { files: [], masked: false };
}

/** @param masked whether records are not to be shown: of one that is malformed, nobody knows where its values stand */
export async function samples(files: readonly string[], masked: boolean): Promise<string[][]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    const list = files.map((file) => `'${file.replace(/'/g, "''")}'`).join(', ');
    const result = await connection.runAndReadAll(`
      SELECT code, count(*)::VARCHAR, min(line)::VARCHAR, arg_min(raw, line), arg_min(reason, line)
      FROM read_parquet([${list}]) GROUP BY code ORDER BY code`);
    return result.getRows().map(([code, records, line, raw, reason]) => [
      String(code), String(records), String(line), masked ? 'masked' : cutText(printableText((raw as DuckDBBlobValue).bytes), SHOWN), String(reason ?? ''),
    ]);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
