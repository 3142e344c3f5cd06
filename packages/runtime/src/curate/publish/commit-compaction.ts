import { derivedColumns, type Dataset, type PublishedLine } from '../../contract';
import type { AppendOutcome } from '../../run/commit-log';
import { SCHEMA_VERSION, type CuratedManifest } from '../../run/manifest';
import type { CompactItem, CompactResult } from '../documents';
import type { ResultEnvelope } from '../shape/rows-of-unit';
import { heldByCompactions } from '../batch-ages';
import { commitRegistered, type CommitContext, type DatasetTarget } from './commit-registered';
import { masked } from './commit-unit';

export interface ReadyCompaction {
  readonly item: CompactItem;
  readonly dataset: Dataset;
  readonly result: CompactResult & ResultEnvelope;
}

/** Registers and commits a compaction; gives `nothing` where one of its commits is not current any more. */
export async function commitCompaction(
  context: CommitContext, ready: ReadyCompaction, target: DatasetTarget,
): Promise<AppendOutcome<CuratedManifest>> {
  const { dataset, unitId, ingestSeq } = ready.item;
  const { parts, counts } = ready.result;
  return commitRegistered(context, {
    dataset, unitId, ingestSeq, parts, counts: { written: counts.rows, rejected: 0 },
    manifest: (seq, lines) => {
      const supersedes = compactedUnits(ready.item, context.plan.runId, lines);
      return supersedes === undefined ? undefined : manifest(context, ready, seq, supersedes);
    },
  }, target);
}

/** The commits that are joined; of a compaction among them, also those that it stands for. Undefined where one is not current any more. */
function compactedUnits(
  { commits, ingestSeq }: CompactItem, runId: string, lines: readonly PublishedLine[],
): string[] | undefined {
  const chosen = new Set(commits);
  const joined = lines.filter(({ seq }) => chosen.has(seq));
  const committed = lines.some(({ kind, run_id: run, ingest_seq: seq }) => kind === 'compaction' && run === runId && seq === ingestSeq);
  if (!committed && joined.some(({ state }) => state !== 'current')) return undefined;
  const held = heldByCompactions(lines);
  return joined.flatMap(({ attempt_id: id }) => [id, ...(held.get(id) ?? []).map(({ attempt_id: member }) => member)]);
}

function manifest(
  { settings, contract, plan }: CommitContext, { item, dataset, result }: ReadyCompaction, seq: number, supersedes: readonly string[],
): CuratedManifest {
  const { rows } = result.counts;
  return {
    schemaVersion: SCHEMA_VERSION, stage: 'curate', kind: 'compaction', pipeline: settings.pipeline, dataset: item.dataset, seq,
    runId: plan.runId, attempt: plan.attempt, attemptId: item.unitId, committedAt: new Date().toISOString(),
    contract: { id: contract.id, version: contract.version, sha256: contract.sha256 },
    columns: derivedColumns(dataset), ...masked(dataset), codeVersion: settings.codeVersion,
    engine: 'duckdb', ingestSeq: item.ingestSeq, ingestManifestKey: item.ingestManifestKey,
    parts: result.parts, quarantine: { parts: [], byCode: {} },
    balance: { parsed: rows, kept: rows, rejected: 0, written: rows, deduplicated: 0, filtered: 0 },
    supersedes,
    timing: { startedAt: result.timing?.startedAt ?? plan.plannedAt, endedAt: new Date().toISOString() },
    peakMemoryBytes: result.peakMemoryBytes ?? 0,
  };
}
