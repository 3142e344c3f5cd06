import { PipelineError } from '../errors/pipeline-error';
import { requireSchemaVersion, type CuratedManifest } from '../run/manifest';
import type { StepCall } from '../run/task';
import type { LoadUnit } from './load-plan';
import type { LoadSettings } from './settings';

/** Reads the manifest of the commit that a unit loads. Throws `MANIFEST_MISSING`. */
export async function requireManifest({ settings, store, signal }: Pick<StepCall<LoadSettings>, 'settings' | 'store' | 'signal'>, unit: LoadUnit): Promise<CuratedManifest> {
  const ref = { bucket: settings.curatedBucket, key: unit.manifestKey };
  const found = await store.getJson<CuratedManifest>(ref, { signal });
  if (found === undefined) throw new PipelineError('MANIFEST_MISSING', `there is no manifest at s3://${ref.bucket}/${ref.key}; restore the object`, { facts: { ...ref } });
  requireSchemaVersion(found.value, `s3://${ref.bucket}/${ref.key}`);
  return found.value;
}
