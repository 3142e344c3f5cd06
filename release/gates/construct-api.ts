import * as path from 'node:path';
import { compareAssemblies } from 'jsii-diff';
import { TypeSystem, type Assembly } from 'jsii-reflect';
import type { Finding } from '../finding';
import { readJson } from '../packages';

interface JsiiAssembly {
  readonly types?: Readonly<Record<string, JsiiType>>;
}

interface JsiiType {
  readonly properties?: readonly { readonly name: string }[];
  readonly methods?: readonly { readonly name: string }[];
  readonly members?: readonly { readonly name: string }[];
}

/** The API of two builds of a jsii package. Both folders must lie where aws-cdk-lib can be found from. */
export async function constructApiFindings(before: string, now: string): Promise<Finding[]> {
  const [original, updated] = [await assemblyIn(before), await assemblyIn(now)];
  const broken = compareAssemblies(original, updated).mismatches.map(({ message, violationKey }): Finding => ({
    gate: 'API', subject: violationKey.slice(violationKey.indexOf(':') + 1), what: 'is not compatible', is: message,
    consequence: 'Apps that use it do not compile, or fail at synthesis, in every language.',
    advice: 'Keep the old member, marked @deprecated with what to use instead, until the next breaking release; make new inputs optional.', bump: 'major',
  }));
  return [...broken, ...additions(readJson(before, '.jsii'), readJson(now, '.jsii'))];
}

async function assemblyIn(folder: string): Promise<Assembly> {
  return new TypeSystem().loadModule(path.resolve(folder), { supportedFeatures: ['intersection-types', 'class-covariant-overrides'] });
}

/** jsii-diff tells nothing of what is new; users of older versions must not be offered it, so the minor version rises. */
function additions(before: JsiiAssembly, now: JsiiAssembly): Finding[] {
  return Object.entries(now.types ?? {}).flatMap(([name, type]): Finding[] => {
    const old = before.types?.[name];
    const added = old === undefined ? [''] : membersOf(type).filter((member) => !membersOf(old).includes(member)).map((member) => `.${member}`);
    return added.map((member) => ({
      gate: 'API', subject: `${name}${member}`, what: 'is new', consequence: 'Apps may use it from this version on.', advice: 'Nothing to do: the minor version rises.', bump: 'minor',
    }));
  });
}

function membersOf({ properties = [], methods = [], members = [] }: JsiiType): string[] {
  return [...properties, ...methods, ...members].map(({ name }) => name);
}
