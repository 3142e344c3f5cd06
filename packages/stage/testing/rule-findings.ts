import type { App } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';

/** Findings of the AwsSolutions rules that nothing explains, as `rule: construct path`. */
export function ruleFindings(app: App): string[] {
  // Reasons for wildcards name resources as they are in the complete app.
  app.synth();
  const report = new AwsSolutionsChecks(app).validateScope(app);
  return report.violations
    .flatMap(({ ruleName, violatingResources }) => violatingResources.map(({ constructPath }) => `${ruleName}: ${constructPath}`))
    .sort();
}
