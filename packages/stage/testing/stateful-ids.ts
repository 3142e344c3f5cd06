import { resourcesOf, type TemplateJson } from './machine-definitions';

const STATEFUL = ['AWS::S3::Bucket', 'AWS::StepFunctions::StateMachine', 'AWS::SNS::Topic', 'AWS::Glue::Database', 'AWS::Glue::Table', 'AWS::Athena::WorkGroup'];

/**
 * Logical ids of what users would lose, or have to subscribe or point to again, if an upgrade renamed it.
 *
 * A snapshot of them may only grow: any other change is breaking.
 */
export function statefulIds(template: TemplateJson): string[] {
  return STATEFUL.flatMap((type) => Object.keys(resourcesOf(template, type)).sort().map((id) => `${type} ${id}`));
}
