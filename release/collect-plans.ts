import type { Finding } from './finding';
import { begunElsewhere, commitsSince, lastRelease, type LastRelease } from './history';
import { concerns, packageInputs, type PackageInputs } from './inputs';
import { releasedPackages, type ReleasedPackage } from './packages';
import { planPackage, type PackagePlan } from './plan';

/** Holds one package against its last release. */
export type Gates = (candidate: ReleasedPackage, last: LastRelease, inputs: PackageInputs) => Promise<Finding[]>;

/** The plan of every package of a repository, from its tags, its commits and what the gates find. */
export async function collectPlans(root: string, gates: Gates, only?: string): Promise<PackagePlan[]> {
  const plans: PackagePlan[] = [];
  for (const candidate of releasedPackages(root).filter(({ name }) => only === undefined || name === only)) {
    const last = lastRelease(root, candidate.name);
    const inputs = await packageInputs(root, candidate);
    const commits = commitsSince(root, last?.tag).filter((commit) => concerns(root, commit, inputs));
    const findings = last === undefined ? [] : await gates(candidate, last, inputs);
    plans.push(planPackage({ package: candidate, last, commits, findings, begunElsewhere: begunElsewhere(root, candidate.name) }));
  }
  return plans;
}
