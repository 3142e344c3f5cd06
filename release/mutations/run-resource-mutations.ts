import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { strongest, type Bump } from '../bump';
import type { Finding } from '../finding';
import { FIXTURES, STAGE_IDS } from '../fixtures';
import { resourceFindings } from '../gates/resources';
import { loadConstructs, synthFixtures, type Synthesized } from '../synth-fixtures';
import { applied, type Mutation } from './mutation';

/** What the gates said of a mutation, and whether that is right. */
export interface MutationResult {
  readonly mutation: Mutation;
  readonly findings: readonly Finding[];
  readonly bump: Bump;
  /** What is wrong with the answer; undefined where it is right. */
  readonly wrong?: string;
}

/**
 * Synthesizes the fixtures of each mutation with the package as it is and with the mutated one, in this process: of a package only the mutated
 * file is
 * compiled anew, and templates of the unchanged package are made once.
 */
export function runResourceMutations(root: string, mutations: readonly Mutation[], outdir: string): MutationResult[] {
  const unchanged = new Map<string, Synthesized>();
  const ofFixtures = (folder: string, names: readonly string[] | undefined) => (FIXTURES[folder] ?? [])
    .filter(({ name }) => names === undefined || names.includes(name));
  return mutations.map((mutation) => {
    const { folder, file, fixtures: names } = mutation;
    const fixtures = ofFixtures(folder, names);
    const missing = fixtures.filter(({ name }) => !unchanged.has(name));
    if (missing.length > 0) synthFixtures(missing, loadConstructs(path.join(root, folder)), outdir)
      .forEach((made, name) => unchanged.set(name, made));
    const absolute = path.join(root, file);
    const edits = new Map([[absolute, applied(readFileSync(absolute, 'utf8'), mutation)]]);
    const before = new Map(fixtures.map(({ name }) => [name, unchanged.get(name)!]));
    const now = synthFixtures(fixtures, loadConstructs(path.join(root, folder), edits), outdir);
    return judged(mutation, resourceFindings(before, now, STAGE_IDS[folder] ?? ''));
  });
}

export function judged(mutation: Mutation, findings: readonly Finding[]): MutationResult {
  const bump = strongest(findings.map((each) => each.bump));
  return { mutation, findings, bump, wrong: verdict(mutation, findings, bump) };
}

function verdict({ bump: expected, gate, says }: Mutation, findings: readonly Finding[], bump: Bump): string | undefined {
  if (bump !== expected) return `gives ${bump}, and must give ${expected}`;
  if (gate !== undefined && !findings.some((each) => each.gate === gate)) return `is not found by gate ${gate}`;
  const said = findings.map(({ subject, what, was, is, consequence }) => `${subject} ${what}\nwas: ${was}\nis: ${is}\n${consequence}`).join('\n');
  return says !== undefined && !says.test(said) ? `is told as ${JSON.stringify(said.slice(0, 600))}, which does not say ${says}` : undefined;
}
