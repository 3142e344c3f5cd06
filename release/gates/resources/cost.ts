import type { Finding } from '../../finding';
import type { Template, TemplateResource } from '../../synth-fixtures';
import { pathOf, render, resourcesOf, scalars, subjectOf } from './template-text';

/** What costs while nothing runs, and about how much: `much` is more than a dollar a month. */
const ALWAYS_ON: Readonly<Record<string, 'little' | 'much'>> = {
  'AWS::EC2::NatGateway': 'much', 'AWS::EC2::VPCEndpoint': 'much', 'AWS::EC2::EIP': 'much', 'AWS::EC2::Instance': 'much', 'AWS::RDS::DBInstance': 'much', 'AWS::RDS::DBProxy': 'much',
  'AWS::DMS::ReplicationInstance': 'much', 'AWS::DMS::ReplicationConfig': 'much', 'AWS::ElasticLoadBalancingV2::LoadBalancer': 'much', 'AWS::CloudWatch::Dashboard': 'much',
  'AWS::ECS::Service': 'much', 'AWS::Kinesis::Stream': 'much', 'AWS::KMS::Key': 'little', 'AWS::SecretsManager::Secret': 'little', 'AWS::CloudWatch::Alarm': 'little',
};

/** Properties whose growth users pay for: always, or with each run. */
const SIZES: readonly [type: string, property: RegExp, when: 'always' | 'run'][] = [
  ['AWS::ECS::TaskDefinition', /^(Cpu|Memory|EphemeralStorage\.SizeInGiB|RuntimePlatform\.\w+)$/, 'run'],
  ['AWS::Lambda::Function', /^(MemorySize|EphemeralStorage\.Size|Architectures\.\d+)$/, 'run'],
  ['AWS::Lambda::Alias', /^ProvisionedConcurrencyConfig\.ProvisionedConcurrentExecutions$/, 'always'],
  ['AWS::Lambda::Version', /^ProvisionedConcurrencyConfig\.ProvisionedConcurrentExecutions$/, 'always'],
  ['AWS::Glue::Job', /^(NumberOfWorkers|MaxCapacity|WorkerType|ExecutionClass)$/, 'run'],
  ['AWS::DMS::ReplicationInstance', /^(ReplicationInstanceClass|AllocatedStorage|MultiAZ)$/, 'always'],
  ['AWS::DMS::ReplicationConfig', /^ComputeConfig\.(MinCapacityUnits|MaxCapacityUnits|MultiAZ)$/, 'always'],
  ['AWS::Athena::WorkGroup', /^WorkGroupConfiguration\.BytesScannedCutoffPerQuery$/, 'run'],
  ['AWS::Logs::LogGroup', /^RetentionInDays$/, 'run'],
];

export function isCostly(type: string): boolean {
  return ALWAYS_ON[type] !== undefined || SIZES.some(([sized]) => sized === type);
}

export function costFindings(before: Template, now: Template): Finding[] {
  const places = new Set(resourcesOf(before).map(([id, { Type }]) => `${Type} ${pathOf(before, id)}`));
  const added = resourcesOf(now).filter(([id, resource]) => costs(resource) !== undefined
    && before.Resources?.[id] === undefined && !places.has(subjectOf(now, id)));
  return [
    ...added.map(([id, resource]) => newCost(subjectOf(now, id), costs(resource)!)),
    ...resourcesOf(before).flatMap(([id, old]) => {
      const next = now.Resources?.[id];
      if (next === undefined || next.Type !== old.Type) return [];
      const subject = subjectOf(before, id);
      return [...otherSizes(subject, old, next), ...keptVersions(subject, old, next)];
    }),
  ];
}

function costs({ Type, Properties = {} }: TemplateResource): 'little' | 'much' | undefined {
  // Endpoints of this kind, for S3 and DynamoDB, are free.
  if (Type === 'AWS::EC2::VPCEndpoint' && (Properties.VpcEndpointType ?? 'Gateway') === 'Gateway') return undefined;
  return ALWAYS_ON[Type];
}

function newCost(subject: string, size: 'little' | 'much'): Finding {
  return {
    gate: 'resources', subject, what: 'is new, and costs while nothing runs',
    consequence: size === 'much' ? 'Every user pays for it each hour from the upgrade on, asked or not.' : 'Every user pays up to a dollar a month for it from the upgrade on.',
    advice: size === 'much' ? 'Make it only for those who ask for it by a prop.' : 'Name the cost in the documentation of the prop that brings it, and in the upgrade notes.',
    bump: size === 'much' ? 'major' : 'minor',
  };
}

function otherSizes(subject: string, old: TemplateResource, next: TemplateResource): Finding[] {
  const sizes = SIZES.filter(([type]) => type === old.Type);
  if (sizes.length === 0) return [];
  const is = new Map(scalars(next.Properties ?? {}));
  const was = new Map(scalars(old.Properties ?? {}));
  return [...new Set([...was.keys(), ...is.keys()])].flatMap((place): Finding[] => {
    const when = sizes.find(([, property]) => property.test(place))?.[2];
    const [earlier, later] = [was.get(place), is.get(place)];
    if (when === undefined || earlier === later) return [];
    // Events that are deleted earlier are a loss, and told as one.
    if (old.Type === 'AWS::Logs::LogGroup' && Number(later ?? Infinity) < Number(earlier ?? Infinity)) return [];
    return [{
      gate: 'resources', subject, what: `has another size: ${place}`, was: earlier === undefined ? undefined : render(earlier), is: later === undefined ? undefined : render(later),
      consequence: when === 'always' ? 'Every user with the default pays another price each hour.' : 'Runs of every user with this size cost another amount, take another time, or no longer fit.',
      advice: when === 'always' ? 'Keep the default; let users choose the larger one.' : 'Say so in the upgrade notes, with the price, or let users choose it.',
      bump: when === 'always' ? 'major' : 'minor',
    }];
  });
}

/** Each object that is written again, or deleted, is paid for once more from then on; and the setting cannot be taken back. */
function keptVersions(subject: string, { Type, Properties: old = {} }: TemplateResource, { Properties: next = {} }: TemplateResource): Finding[] {
  const status = (properties: Readonly<Record<string, unknown>>) => (properties.VersioningConfiguration as { Status?: unknown } | undefined)?.Status;
  if (Type !== 'AWS::S3::Bucket' || status(old) === 'Enabled' || status(next) !== 'Enabled') return [];
  return [{
    gate: 'resources', subject, what: 'keeps every version of its objects: VersioningConfiguration.Status', was: status(old) === undefined ? undefined : render(status(old)), is: 'Enabled',
    consequence: 'Users pay for what was replaced or deleted, too, and cannot have a bucket without versions again.',
    advice: 'Let older versions expire by a rule, and name the cost in the upgrade notes; or let users choose it.', bump: 'minor',
  }];
}
