import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { strongest, type Bump } from '../bump';
import type { Finding } from '../finding';
import { constructApiFindings } from '../gates/construct-api';
import { readJson } from '../packages';
import type { ApiMutation } from './api-mutations';

export interface ApiMutationResult {
  readonly mutation: ApiMutation;
  readonly findings: readonly Finding[];
  readonly bump: Bump;
  readonly wrong?: string;
}

type Member = Record<string, unknown> & { name: string };
type Type = Record<string, Member[] | undefined> & { fqn?: unknown };
interface Assembly { types: Record<string, Type>; readonly name: string }

/** Compares the built assembly of each package with one that has all its mutations, and tells findings apart by what they touch. */
export async function runApiMutations(root: string, mutations: readonly ApiMutation[]): Promise<ApiMutationResult[]> {
  const results: ApiMutationResult[] = [];
  for (const folder of new Set(mutations.map((mutation) => mutation.folder))) {
    const own = mutations.filter((mutation) => mutation.folder === folder);
    const findings = await findingsOf(root, folder, own);
    for (const mutation of own) {
      const [type = ''] = mutation.of.split('.');
      const its = findings.filter(({ subject }) => subject.split('.')[1] === type);
      const bump = strongest(its.map((finding) => finding.bump));
      results.push({ mutation, findings: its, bump, wrong: bump === mutation.bump ? undefined : `gives ${bump}, and must give ${mutation.bump}` });
    }
  }
  return results;
}

async function findingsOf(root: string, folder: string, mutations: readonly ApiMutation[]): Promise<Finding[]> {
  // Where aws-cdk-lib can be found from.
  const copy = path.join(root, '.cache/release', `mutated-${path.basename(folder)}-${process.pid}`);
  mkdirSync(copy, { recursive: true });
  try {
    const assembly = readJson<Assembly>(root, folder, '.jsii');
    for (const mutation of mutations) mutate(assembly, mutation);
    writeFileSync(path.join(copy, '.jsii'), JSON.stringify(assembly));
    writeFileSync(path.join(copy, 'package.json'), readFileSync(path.join(root, folder, 'package.json')));
    return await constructApiFindings(path.join(root, folder), copy);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

const LISTS = ['properties', 'methods', 'members'];

function mutate(assembly: Assembly, { name, of, change }: ApiMutation): void {
  const [typeName, memberName] = of.split('.');
  const fqn = `${assembly.name}.${typeName}`;
  const type = assembly.types[fqn];
  const list = LISTS.find((each) => type?.[each]?.some((member) => member.name === memberName));
  const member = type?.[list ?? '']?.find((each) => each.name === memberName);
  if (type === undefined || (memberName !== undefined && member === undefined)) throw new Error(`mutation "${name}": there is no ${of}`);
  switch (change.to) {
    case 'remove':
      if (memberName === undefined) removeType(assembly, fqn);
      else type[list!] = type[list!]!.filter((each) => each !== member);
      break;
    case 'rename': member!.name = change.name; break;
    case 'require': delete member!.optional; break;
    case 'type': member!.type = { primitive: change.primitive }; break;
    case 'document': (type as Record<string, unknown>).docs = { stability: 'stable', summary: 'Another sentence.' }; break;
    case 'deprecate': member!.docs = { stability: 'deprecated', deprecated: change.by }; break;
    case 'property': type.properties!.push({ abstract: true, immutable: true, name: change.name, type: { primitive: 'string' }, ...(change.optional ? { optional: true } : {}) }); break;
    case 'parameter': member!.parameters = [...(member!.parameters as unknown[] ?? []), { name: change.name, type: { primitive: 'string' }, ...(change.optional ? { optional: true } : {}) }]; break;
  }
}

/** Who refers to a type that is gone must refer to something that is there, or no assembly can be read. */
function removeType(assembly: Assembly, fqn: string): void {
  const { [fqn]: _, ...types } = assembly.types;
  assembly.types = JSON.parse(JSON.stringify(types).replaceAll(`{"fqn":"${fqn}"}`, '{"primitive":"any"}')) as Assembly['types'];
}
