import type { Dataset } from '../../contract/contract';
import type { QualityResult } from '../../run/manifest';
import { describeResult } from './judge-quality';

/** What the state machine publishes to the stage's topic. */
export interface Notice {
  readonly subject: string;
  readonly message: string;
}

/** The rules of one unit that did not hold. */
export interface UnitQuality {
  readonly dataset: Dataset;
  readonly unitId: string;
  readonly results: readonly QualityResult[];
}

/** A notice must fit one message of the topic, with room for its envelope. */
const MOST_LINES = 200;
const MOST_SUBJECT = 99;

/** The notice of rules with severity warning that did not hold; undefined where there is none. */
export function qualityNotice(pipeline: string, slot: string, units: readonly UnitQuality[]): Notice | undefined {
  const lines = units.flatMap(({ dataset, unitId, results }) => results.filter(({ passed, severity }) => !passed && severity === 'warning')
    .map((result) => `  ${dataset.name}, ${unitId}: ${describeResult(dataset, result)}`));
  if (lines.length === 0) return undefined;
  const more = lines.length > MOST_LINES ? [`  and ${lines.length - MOST_LINES} more`] : [];
  return {
    subject: `Headrace: curate of ${pipeline} warns of quality, slot ${slot}`.slice(0, MOST_SUBJECT),
    message: [
      `The curate stage of pipeline ${pipeline} published slot ${slot}. Quality rules with severity warning did not hold:`, ...lines.slice(0, MOST_LINES), ...more, '',
      'What is visible: the batches, each one whole. What to do: look at the records, and mend the source or the rule. The results of all rules are in the manifests, under quality.',
    ].join('\n'),
  };
}
