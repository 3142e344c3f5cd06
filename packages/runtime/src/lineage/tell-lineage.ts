import { PipelineError } from '../errors/pipeline-error';
import type { Report } from '../report/report';
import { lineageKey } from '../run/keys';
import type { ObjectStore } from '../stores/object-store';
import type { LineageRun, RunEvent } from './run-event';

/** Where events go. */
export interface LineageTargets {
  readonly bucket: string;
  /** Takes an event by POST, as OpenLineage servers do; none where it is left out. */
  readonly endpoint?: string;
}

/** No run waits longer for one who listens. */
const STORE_TIMEOUT_MS = 10_000;
const ENDPOINT_TIMEOUT_MS = 5_000;

/**
 * Writes an event below the pipeline's prefix, and sends it to the endpoint. Neither ever fails a run: what went wrong is reported as
 * `FUNCTION_W0001`, and an event that is lost at the endpoint is still in the bucket.
 */
export async function tellLineage(
  to: LineageTargets, run: LineageRun, event: RunEvent, using: { readonly store: ObjectStore; readonly report: Report },
): Promise<void> {
  const key = lineageKey({ ...run, event: event.eventType.toLowerCase() });
  const attempt = async (where: string, tell: () => Promise<unknown>): Promise<void> => {
    try {
      await tell();
    } catch (error) {
      using.report.say('FUNCTION_W0001', { event: event.eventType, where, reason: PipelineError.from(error).message });
    }
  };
  const { bucket, endpoint } = to;
  await Promise.all([
    attempt(`s3://${bucket}/${key}`, () => using.store.putJson({ bucket, key }, event, { signal: AbortSignal.timeout(STORE_TIMEOUT_MS) })),
    ...(endpoint === undefined ? [] : [attempt(endpoint, () => post(endpoint, event))]),
  ]);
}

async function post(endpoint: string, event: RunEvent): Promise<void> {
  const response = await fetch(endpoint, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(event), redirect: 'error',
    signal: AbortSignal.timeout(ENDPOINT_TIMEOUT_MS),
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`it answered with status ${response.status}`);
}
