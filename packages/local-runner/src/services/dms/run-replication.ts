import { openSource, openTarget, type DmsSource, type EndpointSurroundings } from './endpoints';
import { loadTable, TableFailed, type LoadedTable } from './load-table';
import { DmsRefusal, type Document } from './refusal';
import { mappedTables, type MappedTable } from './table-rules';
import { taskSettings, type TaskSettings } from './task-settings';

/** What a replication is made with, in the words that tasks and serverless configurations share. */
export interface ReplicationRequest {
  readonly sourceEndpointArn: string;
  readonly targetEndpointArn: string;
  /** JSON texts. */
  readonly mappings: unknown;
  readonly settings: unknown;
}

export type RunTables = Map<string, LoadedTable & { readonly mapped: MappedTable }>;

export interface RunEnd {
  readonly status: 'stopped' | 'failed';
  readonly stopReason: string;
  readonly failure?: string;
}

/** Runs a full load to its end, whatever that is: reads the mappings and the files, and fills the tables one by one. */
export async function runReplication(
  request: ReplicationRequest, tables: RunTables, signal: AbortSignal, around: EndpointSurroundings,
): Promise<RunEnd> {
  let source: DmsSource | undefined;
  try {
    const settings = taskSettings(request.settings);
    source = await openSource(request.sourceEndpointArn, around);
    const mapped = mappedTables(request.mappings, source.tables);
    for (const one of mapped) tables.set(one.table.name, { mapped: one, state: 'Before load', rows: 0 });
    if (mapped.length === 0 && settings.failOnNoTables) throw new DmsRefusal('No tables were found at task initialization. Either the selected table(s) or schemas(s) no longer exist or no match was found for the table selection pattern(s).');
    for (const table of tables.values()) await loadOne(request, table, source, settings, signal, around);
    return { status: 'stopped', stopReason: `Stop Reason ${signal.aborted ? 'NORMAL' : 'FULL_LOAD_ONLY_FINISHED'}` };
  } catch (error) {
    if (signal.aborted) return { status: 'stopped', stopReason: 'Stop Reason NORMAL' };
    return { status: 'failed', stopReason: 'Stop Reason FATAL_ERROR', failure: `Last Error ${(error as Error).message} Stop Reason FATAL_ERROR Error Level FATAL` };
  } finally {
    source?.files.s3.destroy();
  }
}

async function loadOne(
  request: ReplicationRequest, table: LoadedTable & { readonly mapped: MappedTable }, source: DmsSource, settings: TaskSettings,
  signal: AbortSignal, around: EndpointSurroundings,
): Promise<void> {
  signal.throwIfAborted();
  table.state = 'Full load';
  const client = await openTarget(request.targetEndpointArn, around);
  try {
    await loadTable(table.mapped, source.files, client, settings, table, signal);
    table.state = 'Table completed';
  } catch (error) {
    table.state = signal.aborted ? 'Table cancelled' : 'Table error';
    table.error = (error as Error).message;
    // A suspended table is no failure of the task: that is how rows get lost.
    if (!(error instanceof TableFailed) || error.stopsTask) throw error;
  } finally {
    await client.end();
  }
}

/** What DescribeTableStatistics tells of a run. */
export function tableStatistics(tables: RunTables, { MaxRecords = 100 }: Document): Document[] {
  if (!(Number.isInteger(MaxRecords) && MaxRecords >= 20 && MaxRecords <= 500)) throw new DmsRefusal(`MaxRecords: minimum 20, maximum 500, got ${MaxRecords}`);
  return [...tables.values()].map(({ mapped, state, rows }) => ({
    SchemaName: mapped.table.owner, TableName: mapped.table.name, TableState: state, FullLoadRows: rows,
    FullLoadCondtnlChkFailedRows: 0, FullLoadErrorRows: 0, Inserts: 0, Deletes: 0, Updates: 0, Ddls: 0,
  })).slice(0, MaxRecords);
}

/** What a test of an endpoint's connection does. */
export async function testEndpoint(arn: string, around: EndpointSurroundings): Promise<void> {
  const endpoint = around.deployment.assembly.ofType('AWS::DMS::Endpoint').find(({ ref }) => ref === arn);
  if (endpoint?.properties.EndpointType === 'source') (await openSource(arn, around)).files.s3.destroy();
  else await (await openTarget(arn, around)).end();
}
