import { evaluate } from '../../src/iam/evaluate';
import { managedPolicy, managedPolicyArns } from '../../src/iam/managed-policies';
import type { PolicyDocument, PolicyStatement } from '../../src/iam/policy-document';
import { describeWithMoto, runPython } from '../_fixtures/moto';

const ACTIONS = ['s3:GetObject', 's3:PutObject', 's3:ListBucket', 'glue:GetTable', 'glue:BatchCreatePartition', 'sns:Publish', 'states:StartExecution'];
const RESOURCES = [
  'arn:aws:s3:::lake', 'arn:aws:s3:::lake/raw/trips/a.csv', 'arn:aws:s3:::lake/curated/x', 'arn:aws:s3:::other/raw/a',
  'arn:aws:glue:us-east-1:000000000000:table/lake/trips', 'arn:aws:sns:us-east-1:000000000000:Failures',
  'arn:aws:states:us-east-1:000000000000:stateMachine:Ingest',
];
const SEED = 20260101;
const CASES = 400;

interface Case { policies: PolicyDocument[]; action: string; resource: string }

/** Numbers that are the same each time. */
function random(seed: number): (below: number) => number {
  let state = BigInt(seed);
  return (below) => {
    state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn;
    return Number((state >> 33n) % BigInt(below));
  };
}

/**
 * Policies of what moto knows: effects, actions with a wildcard, exceptions of actions, resources with wildcards. It knows no conditions in
 * policies of roles, no NotResource, no `?`, and compares letter case of actions.
 */
function buildCases(): Case[] {
  const next = random(SEED);
  const pick = <T>(list: readonly T[]): T => list[next(list.length)]!;
  const some = <T>(make: () => T): T | T[] => (next(3) === 0 ? [make(), make()] : make());
  const action = () => {
    const name = pick(ACTIONS);
    return [name, name, `${name.slice(0, name.indexOf(':') + 1 + next(5))}*`, `${name.split(':')[0]}:*`, '*'][next(5)]!;
  };
  const resource = () => {
    const arn = pick(RESOURCES);
    // Cut in the last part only: elsewhere IAM does not let a wildcard inside a part run across colons.
    const tail = arn.split(':').slice(0, 5).join(':').length + 1;
    const cut = tail + next(arn.length - tail + 1);
    return [arn, `${arn.slice(0, cut)}*`, `${arn.slice(0, cut)}*${arn.slice(-2)}`, `${arn}/*`, '*'][next(5)]!;
  };
  const statement = (): PolicyStatement => ({
    Effect: next(4) === 0 ? 'Deny' : 'Allow',
    ...(next(5) === 0 ? { NotAction: some(action) } : { Action: some(action) }),
    Resource: some(resource),
  });
  const statements = () => (next(4) === 0 ? statement() : Array.from({ length: 1 + next(3) }, statement));
  const policy = (): PolicyDocument => ({ Version: '2012-10-17', Statement: statements() });
  const policies = () => Array.from({ length: 1 + next(2) }, policy);
  return Array.from({ length: CASES }, () => ({ policies: policies(), action: pick(ACTIONS), resource: pick(RESOURCES) }));
}

const DECIDE = `
import json, sys
from moto.iam.access_control import IAMPolicy, PermissionResult
def decide(case):
    results = [IAMPolicy(json.dumps(policy)).is_action_permitted(case["action"], case["resource"]) for policy in case["policies"]]
    return PermissionResult.DENIED not in results and PermissionResult.PERMITTED in results
print(json.dumps([decide(case) for case in json.load(sys.stdin)]))
`;

const MANAGED = `
import json, sys
from moto.iam.aws_managed_policies import aws_managed_policies_data
known = json.loads(aws_managed_policies_data)
def document(arn):
    name = arn.split("/")[-1]
    return known[name]["Document"] if name in known else None
print(json.dumps([document(arn) for arn in json.load(sys.stdin)]))
`;

describeWithMoto('IAM, compared with moto', () => {
  test(`${CASES} policies made from seed ${SEED} allow and deny the same`, async () => {
    const cases = buildCases();
    const theirs = await runPython<boolean[]>(DECIDE, cases);
    const ours = cases.map(({ policies, action, resource }) =>
      evaluate({ principal: 'arn:aws:iam::000000000000:role/R', identityPolicies: policies, action, resource }).allowed);
    const different = cases.filter((_, index) => ours[index] !== theirs[index]);
    expect(different).toEqual([]);
    // Of a comparison where nearly all is denied, little could be learned.
    expect(ours.filter(Boolean).length).toBeGreaterThan(CASES / 10);
    expect(ours.filter((allowed) => !allowed).length).toBeGreaterThan(CASES / 10);
  });

  test('the policies managed by AWS allow nothing beyond AWS’s own text', async () => {
    const arns = managedPolicyArns();
    const theirs = await runPython<Array<PolicyDocument | null>>(MANAGED, arns);
    for (const [index, arn] of arns.entries()) {
      const known = theirs[index];
      expect(known).not.toBeNull();
      expect(pairsOf(known!)).toEqual(expect.arrayContaining(pairsOf(managedPolicy(arn)!)));
    }
  });
});

/** Action and resource of all allowing statements without conditions, one by one. */
function pairsOf(document: PolicyDocument): string[] {
  const list = <T>(value: T | readonly T[] | undefined): readonly T[] => (value === undefined ? [] : Array.isArray(value) ? value : [value as T]);
  return list(document.Statement as PolicyStatement | readonly PolicyStatement[])
    .filter(({ Effect, Condition }) => Effect === 'Allow' && Condition === undefined)
    .flatMap(({ Action, Resource }) => list<string>(Action).flatMap((action) => list<string>(Resource).map((resource) => `${action} ${resource}`)));
}
