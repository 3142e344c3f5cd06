import type { ChildResult, MapRun } from './states/distributed-map';
import { ErrorName } from './error-names';
import type { Json, JsonObject } from './json';
import type { StateVisit } from './state-visit';
import { TaskFailure } from './task-failure';

/**
 * The result of a Map Run as `ResultWriter` says: exported to S3, or given as an array.
 *
 * @throws TaskFailure `States.ResultWriterFailed` when the export fails
 */
export async function mapRunResult(visit: StateVisit, run: MapRun, effectiveInput: Json): Promise<Json> {
  const writer = visit.state.ResultWriter as JsonObject | undefined;
  const config = (writer?.WriterConfig ?? {}) as JsonObject;
  if (writer?.Resource === undefined) return shape(run.children, String(config.Transformation ?? 'COMPACT'));

  const location = (await visit.evaluate(writer.Arguments ?? writer.Parameters ?? {}, 'ResultWriter', { data: effectiveInput })) as JsonObject;
  try {
    return await exportResults(visit, run, location, config);
  } catch (error) {
    const told = error instanceof TaskFailure ? error.message : (error as Error).message;
    throw new TaskFailure(ErrorName.resultWriterFailed, `the ResultWriter of state "${visit.name}" failed for ${JSON.stringify(location)}: ${told}`);
  }
}

async function exportResults(visit: StateVisit, run: MapRun, location: JsonObject, config: JsonObject): Promise<Json> {
  const write = visit.frame.execution.environment.storage.writeObject;
  if (write === undefined) throw new Error('no writeObject is given to runStateMachine');
  const bucket = String(location.Bucket);
  const prefix = String(location.Prefix ?? '').replace(/\/$/, '');
  const folder = `${prefix === '' ? '' : `${prefix}/`}${run.id}`;
  const lines = config.OutputType === 'JSONL';
  const files = { FAILED: [] as Json[], PENDING: [] as Json[], SUCCEEDED: [] as Json[] };
  for (const group of Object.keys(files) as Array<keyof typeof files>) {
    const children = run.children.filter((child) => groupOf(child) === group);
    if (children.length === 0) continue;
    const values = shape(children, String(config.Transformation ?? 'NONE'));
    const body = Buffer.from(lines ? values.map((value) => `${JSON.stringify(value)}\n`).join('') : JSON.stringify(values));
    const key = `${folder}/${group}_0.${lines ? 'jsonl' : 'json'}`;
    await write(bucket, key, body);
    files[group].push({ Key: key, Size: body.length });
  }
  const manifest = `${folder}/manifest.json`;
  await write(bucket, manifest, Buffer.from(JSON.stringify({ DestinationBucket: bucket, MapRunArn: run.arn, ResultFiles: files })));
  return { MapRunArn: run.arn, ResultWriterDetails: { Bucket: bucket, Key: manifest } };
}

function groupOf(child: ChildResult): 'FAILED' | 'PENDING' | 'SUCCEEDED' {
  if (child.status === 'SUCCEEDED' || child.status === 'PENDING') return child.status;
  return 'FAILED';
}

function shape(children: readonly ChildResult[], transformation: string): Json[] {
  return children.flatMap((child): Json[] => {
    // The result of a failed child stays whole under every transformation.
    if (transformation === 'NONE' || child.status !== 'SUCCEEDED') return [describe(child)];
    const output = child.output ?? null;
    return transformation === 'FLATTEN' && Array.isArray(output) ? output : [output];
  });
}

function describe(child: ChildResult): JsonObject {
  const succeeded = child.status === 'SUCCEEDED';
  const described: JsonObject = {
    ExecutionArn: child.arn,
    Input: JSON.stringify(child.input),
    InputDetails: { Included: true },
    Name: child.name,
    RedriveCount: 0,
    RedriveStatus: succeeded || child.status === 'PENDING' ? 'NOT_REDRIVABLE' : 'REDRIVABLE',
    StateMachineArn: child.stateMachineArn,
    Status: child.status,
  };
  if (succeeded) {
    described.Output = JSON.stringify(child.output ?? null);
    described.OutputDetails = { Included: true };
    described.RedriveStatusReason = 'Execution is SUCCEEDED and cannot be redriven';
  }
  if (child.error !== undefined) described.Error = child.error;
  if (child.cause !== undefined) described.Cause = child.cause;
  if (child.startDate !== undefined) described.StartDate = child.startDate;
  if (child.stopDate !== undefined) described.StopDate = child.stopDate;
  return described;
}
