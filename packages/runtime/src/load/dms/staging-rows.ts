import type { CuratedPart } from '../../run/manifest';
import type { LoadUnit } from '../load-plan';
import type { TargetSession } from '../target/target-database';

/** Whether every part is noted as staged, just as the manifest lists it. */
export async function isStaged(session: TargetSession, ledgerSchema: string, unit: LoadUnit, parts: readonly CuratedPart[]): Promise<boolean> {
  const there = new Map((await session.readStagedParts(ledgerSchema, unit.loadId)).map((part) => [part.key, part]));
  return parts.every(({ key, sha256, records }) => there.get(key)?.sha256 === sha256 && there.get(key)?.records === records);
}

/** Makes the staging table ready for a replication task, unless a newer attempt has the table. */
export async function clearStaging(session: TargetSession, ledgerSchema: string, unit: LoadUnit): Promise<void> {
  // No claim comes in between: it is made exclusively too.
  await session.exclusively(ledgerSchema, async () => {
    await session.requireEpoch(ledgerSchema, unit.target, BigInt(unit.epoch), 'share');
    await session.dms.clear(ledgerSchema, unit.staging, unit.loadId);
  });
}

/** Notes all parts of a commit as staged, once their rows are counted: DMS knows nothing of parts. Needs an open transaction. */
export async function noteStaged(session: TargetSession, ledgerSchema: string, unit: LoadUnit, parts: readonly CuratedPart[]): Promise<void> {
  for (const part of parts) await session.noteStagedPart(ledgerSchema, unit.loadId, BigInt(unit.epoch), part);
}
