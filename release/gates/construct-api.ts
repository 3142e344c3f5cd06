import * as path from 'node:path';
import { compareAssemblies } from 'jsii-diff';
import { TypeSystem, type Assembly } from 'jsii-reflect';
import type { Finding } from '../finding';
import { readJson } from '../packages';

interface JsiiAssembly {
  readonly types?: Readonly<Record<string, JsiiType>>;
}

interface JsiiType extends Documented {
  readonly properties?: readonly JsiiMember[];
  readonly methods?: readonly JsiiMember[];
  readonly members?: readonly JsiiMember[];
}

interface Documented {
  readonly docs?: { readonly deprecated?: string };
}

interface JsiiMember extends Documented {
  readonly name: string;
}

/** The API of two builds of a jsii package. Both folders must lie where aws-cdk-lib can be found from. */
export async function constructApiFindings(before: string, now: string): Promise<Finding[]> {
  const [original, updated] = [await assemblyIn(before), await assemblyIn(now)];
  const broken = compareAssemblies(original, updated).mismatches.map(({ message, violationKey }): Finding => ({
    gate: 'API', subject: violationKey.slice(violationKey.indexOf(':') + 1), what: 'is not compatible', is: message,
    consequence: 'Apps that use it do not compile, or fail at synthesis, in every language.',
    advice: 'Keep the old member, marked @deprecated with what to use instead, until the next breaking release; make new inputs optional.', bump: 'major',
  }));
  const [was, is] = [readJson<JsiiAssembly>(before, '.jsii'), readJson<JsiiAssembly>(now, '.jsii')];
  return [...broken, ...additions(was, is), ...deprecations(was, is)];
}

async function assemblyIn(folder: string): Promise<Assembly> {
  return new TypeSystem().loadModule(path.resolve(folder), { supportedFeatures: ['intersection-types', 'class-covariant-overrides'] });
}

/** jsii-diff tells nothing of what is new; users of older versions must not be offered it, so the minor version rises. */
function additions(before: JsiiAssembly, now: JsiiAssembly): Finding[] {
  return Object.entries(now.types ?? {}).flatMap(([name, type]): Finding[] => {
    const old = before.types?.[name];
    const added = old === undefined ? [''] : membersOf(type).filter(({ name: member }) => !membersOf(old).some((each) => each.name === member)).map((member) => `.${member.name}`);
    return added.map((member) => ({
      gate: 'API', subject: `${name}${member}`, what: 'is new', consequence: 'Apps may use it from this version on.', advice: 'Nothing to do: the minor version rises.', bump: 'minor',
    }));
  });
}

/** Users must hear of it with the release from which on they should go by another way, and not only when it is gone. */
function deprecations(before: JsiiAssembly, now: JsiiAssembly): Finding[] {
  return Object.entries(now.types ?? {}).flatMap(([name, type]): Finding[] => {
    const old = before.types?.[name];
    const newly = (is: Documented, was: Documented | undefined) => is.docs?.deprecated !== undefined && was?.docs?.deprecated === undefined;
    const members = membersOf(type).filter((member) => newly(member, old && membersOf(old).find((each) => each.name === member.name)));
    return [...(newly(type, old) ? [{ subject: name, docs: type.docs }] : []), ...members.map((member) => ({ subject: `${name}.${member.name}`, docs: member.docs }))].map(({ subject, docs }) => ({
      gate: 'API', subject, what: 'is deprecated', is: docs?.deprecated, consequence: 'It works as before, and goes with a later breaking release.',
      advice: 'Say in the comment what to use instead, and warn at synthesis where it is used; take it away after one release at the earliest.', bump: 'minor',
    }));
  });
}

function membersOf({ properties = [], methods = [], members = [] }: JsiiType): readonly JsiiMember[] {
  return [...properties, ...methods, ...members];
}
