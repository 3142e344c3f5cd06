import { publishedNameFindings, type NamedManifest } from '../../release/gates/published-names';
import { readJson } from '../../release/packages';
import { ROOT } from '../repository';

const stage = readJson<NamedManifest>(ROOT, 'packages/ingest-construct/package.json');
const runner = readJson<NamedManifest>(ROOT, 'packages/local-runner/package.json');

/** The manifest with one member of its targets changed. */
function renamed(member: string): NamedManifest {
  const copy = JSON.parse(JSON.stringify(stage)) as { jsii: { targets: Record<string, unknown> } };
  const steps = member.split('.');
  const last = steps.pop() as string;
  const place = steps.reduce((inner, step) => inner[step] as Record<string, unknown>, copy.jsii.targets);
  expect(place).toHaveProperty(last);
  place[last] = 'invented';
  return copy;
}

test.each([
  'python.module', 'python.distName', 'java.package', 'java.maven.groupId', 'java.maven.artifactId', 'dotnet.namespace', 'dotnet.packageId',
  'go.moduleName', 'go.packageName',
])('another name breaks: %s', (member) => {
  expect(publishedNameFindings(stage, renamed(member))).toEqual([
    expect.objectContaining({ subject: `jsii.targets.${member}`, what: 'has another name', is: 'invented', bump: 'major' }),
  ]);
});

test('a program that is gone breaks, one more is new, and where its file lies is nobody\'s concern', () => {
  expect(publishedNameFindings(runner, { ...runner, bin: { headrace: 'lib/other.js' } })).toEqual([]);
  expect(publishedNameFindings(runner, { ...runner, bin: { race: 'bin/headrace.js' } }).map(({ subject, what, bump }) => [subject, what, bump]))
    .toEqual([['bin.headrace', 'is gone', 'major'], ['bin.race', 'is new', 'minor']]);
  expect(publishedNameFindings({ name: '@invented/tap', bin: 'a.js' }, { name: '@invented/tap', bin: { tap: 'a.js' } })).toEqual([]);
});

test('a language that is gone breaks, and one more is new', () => {
  const { python, ...others } = stage.jsii?.targets ?? {};
  const less = { ...stage, jsii: { targets: others } };
  expect(python).toBeDefined();
  expect(publishedNameFindings(stage, less).map(({ what, bump }) => [what, bump])).toEqual([['is gone', 'major'], ['is gone', 'major']]);
  expect(publishedNameFindings(less, stage).map(({ bump }) => bump)).toEqual(['minor', 'minor']);
});

test('what is only shown of a package may change', () => {
  const shown = { ...stage, jsii: { targets: { ...stage.jsii?.targets, dotnet: { ...stage.jsii?.targets?.dotnet as object, iconUrl: 'https://example.invalid/icon' } } } };
  expect(publishedNameFindings(stage, shown)).toEqual([]);
});
