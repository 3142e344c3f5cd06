import type { Finding } from '../finding';

/** What of a manifest says under which names a package is installed, imported and called. */
export interface NamedManifest {
  readonly name?: string;
  readonly bin?: string | Readonly<Record<string, string>>;
  readonly jsii?: { readonly targets?: Readonly<Record<string, unknown>> };
}

/** Members of `jsii.targets` that users write: others of them, such as an icon, may change. */
const NAMES = /^(python\.(distName|module)|java\.(package|maven\.(groupId|artifactId))|dotnet\.(namespace|packageId)|go\.(moduleName|packageName)|js\.npm)$/;

/** Names that a user has in imports, lock files and scripts. */
export function publishedNameFindings(before: NamedManifest, now: NamedManifest): Finding[] {
  const [old, next] = [before, now].map(namesOf);
  return [
    ...[...old!].filter(([place, was]) => next!.get(place) !== was).map(([place, was]): Finding => ({
      gate: 'API', subject: place, what: next!.has(place) ? 'has another name' : 'is gone', was, is: next!.get(place),
      consequence: place.startsWith('bin.') ? 'Scripts that call the program find none.' : 'Who imports or installs it by the old name stays behind, and is not told that there are newer versions.',
      advice: 'Keep the name.', bump: 'major',
    })),
    ...[...next!].filter(([place]) => !old!.has(place)).map(([place, is]): Finding => ({
      gate: 'API', subject: place, what: 'is new', is, consequence: 'Users may rely on it from this version on.', advice: 'Nothing to do: the minor version rises.', bump: 'minor',
    })),
  ];
}

function namesOf({ name = '', bin = {}, jsii }: NamedManifest): Map<string, string> {
  // Of a program only its name: where its file lies in the package is nobody's concern.
  const programs = typeof bin === 'string' ? [name.slice(name.indexOf('/') + 1)] : Object.keys(bin);
  return new Map([
    ...members(jsii?.targets ?? {}).filter(([place]) => NAMES.test(place)).map(([place, value]): [string, string] => [`jsii.targets.${place}`, value]),
    ...programs.map((program): [string, string] => [`bin.${program}`, program]),
  ]);
}

function members(value: unknown, place = ''): [string, string][] {
  if (typeof value !== 'object' || value === null) return [[place, String(value)]];
  return Object.entries(value).flatMap(([key, inner]) => members(inner, place === '' ? key : `${place}.${key}`));
}
