import { derivedColumns, isBatch, isStanding, masksOf, type Dataset, type PublishedLine } from '../../contract';
import type { AppendOutcome } from '../../run/commit-log';
import type { Report } from '../../report/report';
import { SCHEMA_VERSION, type CuratedManifest, type QualityResult } from '../../run/manifest';
import type { ShapeItem, ShapeResult } from '../documents';
import { describeResult } from '../quality/judge-quality';
import type { ResultEnvelope, UnitRows } from '../shape/rows-of-unit';
import { commitRegistered, type CommitContext, type DatasetTarget } from './commit-registered';

/** A unit whose counts are proved and whose files are complete. */
export interface ReadyUnit {
  readonly unit: ShapeItem;
  readonly dataset: Dataset;
  readonly rows: UnitRows;
  readonly shape: ShapeResult & ResultEnvelope;
  readonly quality: readonly QualityResult[];
}

/** Registers and commits one unit. Gives `nothing` for a rerun whose batch another run has superseded since it was planned. */
export async function commitUnit(context: CommitContext, ready: ReadyUnit, target: DatasetTarget): Promise<AppendOutcome<CuratedManifest>> {
  const { call: { report }, plan } = context;
  const { unit, shape, rows } = ready;
  sayQuality(report, ready);
  return commitRegistered(context, {
    dataset: unit.dataset, unitId: unit.unitId, ingestSeq: unit.ingestSeq, parts: shape.parts, quarantine: rows.quarantine,
    counts: { written: shape.counts.written, rejected: rows.counts.rejected },
    manifest: (seq, lines) => {
      const supersedes = takesPlaces(unit) ? supersededUnits(unit, plan.runId, lines) : [];
      return supersedes === undefined ? undefined : manifest(context, ready, seq, supersedes);
    },
  }, target);
}

/** Most units are the first of their batch. */
function takesPlaces(unit: ShapeItem): boolean {
  return unit.kind === 'rerun' || unit.supersedesIngestSeqs.length > 0;
}

/**
 * Every unit that held rows of the batches whose place this one takes, so that a reader need not follow a chain. Undefined for a rerun
 * of a batch that has gone since.
 */
function supersededUnits(unit: ShapeItem, runId: string, lines: readonly PublishedLine[]): string[] | undefined {
  const batches = lines.filter(isBatch);
  if (unit.kind !== 'rerun') return batches.filter(({ ingest_seq: seq }) => unit.supersedesIngestSeqs.includes(seq)).map(({ attempt_id: id }) => id);
  const mine = batches.filter(({ ingest_seq: seq }) => seq === unit.ingestSeq);
  // What this run has committed before is found by its identity.
  const committed = mine.some(({ kind, run_id: run }) => kind === 'rerun' && run === runId);
  const stands = mine.some((line) => line.attempt_id === unit.replaces && isStanding(line));
  return committed || stands ? mine.map(({ attempt_id: id }) => id) : undefined;
}

function manifest(
  { settings, contract, plan }: CommitContext, { unit, dataset, rows, shape, quality }: ReadyUnit, seq: number, supersedes: readonly string[],
): CuratedManifest {
  return {
    schemaVersion: SCHEMA_VERSION, stage: 'curate', kind: unit.kind ?? 'ingest', pipeline: settings.pipeline, dataset: unit.dataset, seq,
    runId: plan.runId, attempt: plan.attempt, attemptId: unit.unitId, committedAt: new Date().toISOString(),
    contract: { id: contract.id, version: contract.version, sha256: contract.sha256 },
    columns: derivedColumns(dataset), codeVersion: settings.codeVersion,
    engine: shape.engine, ingestSeq: unit.ingestSeq, ingestManifestKey: unit.ingestManifestKey,
    ...(unit.supersededBy === undefined ? {} : { supersededBy: unit.supersededBy }),
    parts: shape.parts, quarantine: { parts: rows.quarantine, byCode: rows.byCode },
    ...(quality.length === 0 ? {} : { quality }), ...masked(dataset),
    balance: { ...rows.counts, written: shape.counts.written, deduplicated: shape.counts.deduplicated, filtered: shape.counts.filtered },
    supersedes,
    timing: { startedAt: rows.startedAt ?? plan.plannedAt, endedAt: new Date().toISOString() },
    peakMemoryBytes: Math.max(rows.peakMemoryBytes, shape.peakMemoryBytes ?? 0),
  };
}

export function masked(dataset: Dataset): Pick<CuratedManifest, 'masks'> {
  const masks = masksOf(dataset);
  return Object.keys(masks).length === 0 ? {} : { masks };
}

function sayQuality(report: Report, { unit: { unitId }, dataset, quality }: ReadyUnit): void {
  if (quality.length === 0) return;
  const failed = quality.filter(({ passed }) => !passed);
  report.say('CURATE_I1304', { dataset: dataset.name, unitId, rules: quality.length, passed: quality.length - failed.length });
  for (const result of failed) report.say(result.severity === 'warning' ? 'CURATE_W1302' : 'CURATE_I1305', { dataset: dataset.name, unitId, result: describeResult(dataset, result) });
}
