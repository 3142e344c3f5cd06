import { fullDiff, ResourceImpact, type ResourceDifference } from '@aws-cdk/cloudformation-diff';
import type { Finding } from '../../finding';
import type { Template } from '../../synth-fixtures';
import { pathOf, render, subjectOf } from './template-text';

/** What users lose, or must subscribe or point to again, when it goes. */
const STATEFUL = new Set([
  'AWS::S3::Bucket', 'AWS::RDS::DBInstance', 'AWS::RDS::DBCluster', 'AWS::KMS::Key', 'AWS::DynamoDB::Table', 'AWS::Glue::Database', 'AWS::Glue::Table',
  'AWS::Logs::LogGroup', 'AWS::SQS::Queue', 'AWS::SNS::Topic', 'AWS::SecretsManager::Secret', 'AWS::Athena::WorkGroup', 'AWS::StepFunctions::StateMachine',
  'AWS::ECR::Repository', 'AWS::EFS::FileSystem',
]);
/** What tells people that something is wrong, or starts the work. */
const WATCHES = new Set(['AWS::CloudWatch::Alarm', 'AWS::Events::Rule', 'AWS::Scheduler::Schedule', 'AWS::SNS::Subscription', 'AWS::Lambda::EventSourceMapping']);
const NAME = /^(\w*Name|\w*Identifier)$/;

export function isStateful(type: string): boolean {
  return STATEFUL.has(type);
}

/** @param successorOf the logical id of now of what has another one */
export function replacedFindings(before: Template, now: Template, successorOf: ReadonlyMap<string, string>): Finding[] {
  const { resources } = fullDiff(before as never, now as never);
  const findings: Finding[] = [];
  resources.forEachDifference((id, change) => {
    const type = change.oldResourceType ?? '';
    if (change.isRemoval || change.resourceTypeChanged) {
      if (STATEFUL.has(type)) findings.push(removed(before, id, change, successorOf.get(id)));
      else if (WATCHES.has(type) && sameAt(before, now, id) === undefined) findings.push(unwatched(before, id));
    } else if (change.isUpdate) {
      findings.push(...replacements(before, id, change));
    }
  });
  return findings;
}

function removed(before: Template, id: string, change: ResourceDifference, successor: string | undefined): Finding {
  const orphaned = change.changeImpact === ResourceImpact.WILL_ORPHAN || before.Resources?.[id]?.DeletionPolicy === 'Retain';
  return {
    gate: 'resources', subject: subjectOf(before, id),
    what: successor === undefined ? 'goes with the upgrade' : 'gets another logical id, so a new one takes its place',
    was: id, is: successor,
    consequence: `${orphaned ? 'The old one stays behind in the account, outside of the stack, with all that is in it' : 'The old one is deleted with all that is in it'}${successor === undefined ? '.' : ', and the new one is empty and has another address.'}`,
    advice: 'Keep the construct id and its place in the tree; where it must go, give users a release in which both exist and a way to move.',
    bump: 'major',
  };
}

function unwatched(before: Template, id: string): Finding {
  return {
    gate: 'resources', subject: subjectOf(before, id), what: 'goes with the upgrade', was: id, is: undefined,
    consequence: 'What it started or told people about happens no longer, and nobody is told of that.',
    advice: 'Keep it, or name in the upgrade notes what takes its place.', bump: 'major',
  };
}

function replacements(before: Template, id: string, change: ResourceDifference): Finding[] {
  const type = change.oldResourceType ?? '';
  return Object.entries(change.propertyUpdates).flatMap(([property, update]): Finding[] => {
    if (update.changeImpact !== ResourceImpact.WILL_REPLACE && update.changeImpact !== ResourceImpact.MAY_REPLACE) return [];
    const named = NAME.test(property);
    if (!STATEFUL.has(type) && !named) return [];
    const certain = update.changeImpact === ResourceImpact.WILL_REPLACE;
    return [{
      gate: 'resources', subject: subjectOf(before, id),
      what: named ? `changes its physical name by ${property}` : `${certain ? 'is' : 'may be'} replaced by a change of ${property}`,
      was: render(update.oldValue), is: render(update.newValue),
      consequence: STATEFUL.has(type)
        ? 'CloudFormation makes a new one and lets the old one go: what is in it, and whoever points to it, stays with the old one.'
        : 'Whoever refers to it by name, in policies, dashboards or scripts, refers to nothing after the upgrade.',
      advice: `Leave ${property} as it was; where it must change, let users choose it by a new prop that keeps the old value by default.`,
      bump: 'major',
    }];
  });
}

/** The resource of the same type at the same place, where only its logical id is another. */
function sameAt(before: Template, now: Template, id: string): string | undefined {
  const place = pathOf(before, id);
  const type = before.Resources?.[id]?.Type;
  return Object.keys(now.Resources ?? {}).find((other) => other !== id && now.Resources?.[other]?.Type === type && pathOf(now, other) === place);
}
