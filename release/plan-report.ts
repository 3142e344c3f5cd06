import { describeFinding } from './finding';
import type { PackagePlan } from './plan';
import type { ReleasePlan } from './release-plan';

/** Longest list of reasons that is shown to people; the JSON has all. */
const SHOWN = 12;

/** One job of the publishing matrices. */
export interface MatrixEntry {
  readonly package: string;
  readonly folder: string;
  readonly version: string;
  readonly tag: string;
}

/** The plan for people. */
export function planText(plans: readonly PackagePlan[]): string {
  return plans.map((plan) => {
    const from = plan.last?.version ?? 'never released';
    const head = `${plan.package.name}: ${from} → ${plan.next ?? 'no release'}`;
    const why = plan.why.slice(0, SHOWN).map((line) => `  - ${line}`);
    if (plan.why.length > SHOWN) why.push(`  - and ${plan.why.length - SHOWN} more`);
    const findings = plan.findings.map((finding) => `    ${describeFinding(finding)}`);
    const problems = plan.problems.map((problem) => `  ✗ ${problem}`);
    return [head, ...why, ...(findings.length === 0 ? [] : ['  what the gates found:', ...findings]), ...problems].join('\n');
  }).join('\n\n');
}

/** The plan for the workflow: one matrix for each registry, and all packages under `all`. */
export function planMatrices(plans: readonly PackagePlan[]): Record<string, { include: MatrixEntry[] }> {
  const matrices: Record<string, { include: MatrixEntry[] }> = { all: { include: [] } };
  for (const { package: { name, folder, targets }, next } of plans) {
    if (next === undefined) continue;
    const entry = { package: name, folder, version: next, tag: `${name}@${next}` };
    for (const target of ['all', ...targets]) (matrices[target] ??= { include: [] }).include.push(entry);
  }
  return matrices;
}

/** The plan for programs. */
export function planJson(plans: readonly PackagePlan[]): ReleasePlan {
  return {
    packages: plans.map(({ package: { name, folder, targets }, last, next, lowest, byCommits, why, findings, problems, commits }) => ({
      name, folder, targets, last: last?.version, next, lowest, byCommits, why, findings, problems,
      commits: commits.map(({ hash, subject, type, title, breaking, upgrade, breaks }) => (
        { hash, subject, type, title, breaking, upgrade, breaks }
      )),
    })),
    matrices: planMatrices(plans),
    ok: plans.every(({ problems }) => problems.length === 0),
  };
}
