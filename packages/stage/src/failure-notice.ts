import { Aws, aws_events as events } from 'aws-cdk-lib';
import { jsonata, literal } from './jsonata';
import type { AslState } from './step';

/** The error of an execution whose failure was published; the execution-status rule leaves it alone. */
export const NOTIFIED = 'Headrace.Notified';

/** The error of an execution whose notice could not be published. */
const NOT_NOTIFIED = 'Headrace.NotNotified';

/** What an operator must know of a failed stage, apart from the error itself. */
export interface NoticeWords {
  /** For example `ingest`. */
  readonly stage: string;
  readonly pipeline: string;
  /** How execution names of the stage begin. */
  readonly namePrefix: string;
  /** What readers of the stage's result see after a failure. One sentence. */
  readonly visible: string;
  /** What is left behind, and whether it does harm. One sentence. */
  readonly halfDone: string;
  /** What the next attempt does not repeat. One sentence. */
  readonly resume: string;
  /** Other words for failures of single states. */
  readonly ofState?: Readonly<Record<string, Pick<NoticeWords, 'visible' | 'halfDone'>>>;
}

/**
 * JSONata of what a Catch hands to the notice.
 *
 * A container's cause is a long document, of which only the exit code tells anything; a function's holds its message.
 */
export function caught(state: string): string {
  return jsonata(caughtIn(state));
}

/** {@link caught} without its brackets, for a larger expression. */
export function caughtIn(state: string): string {
  return (
    `{"state": ${literal(state)}, "error": $states.errorOutput.Error, `
    + '"cause": $substring($states.errorOutput.Cause, 0, 2000), '
    + '"exitCode": $match($states.errorOutput.Cause, /"ExitCode":\\s*([0-9]+)/, 1).groups[0], '
    // Stand far behind in the description of a task, so they would be cut off with the rest of it.
    + `"reason": ${member('StoppedReason')}, "containerReason": ${member('Reason')}, "recorded": ${member('errorMessage')}}`
  );
}

/**
 * JSONata of a text member of the cause, wherever it stands: the cause may be cut off, and then is no JSON.
 *
 * The quote stands last in its brackets: JSONata takes a bracket behind a backslash for an escaped one, and finds no end.
 */
function member(name: string): string {
  return `($text := $match($states.errorOutput.Cause, /"${name}":\\s*("(?:[^\\\\"]|\\\\.)*")/, 1).groups[0]; $exists($text) ? $parse($text))`;
}

/** JSONata of the next attempt's input: what was asked for stays, what the stage before handed over does not. */
const NEXT_INPUT = '$string($merge([{"slot": $slot, "attempt": $number($attempt) + 1}, '
  + '$sift($input, function($value, $key) { $key in ["operation", "range", "run", "only", "rejected", "allowDeletes"] })]))';

/** Publishes the notice; the execution then fails with an error that says so. */
export function notifyFailure(topicArn: string, words: NoticeWords, failed: string, notNotified: string): AslState {
  const next = '$string($number($attempt) + 1)';
  const message = [
    literal(`The ${words.stage} stage of pipeline ${words.pipeline} failed for slot `), '$slot', literal(', attempt '),
    '$string($attempt)', literal('.\n\nWhat failed: state '), '$states.input.state', literal(', '), '$states.input.error',
    '($exists($states.input.exitCode) ? ", exit code " & $states.input.exitCode : "")',
    '"\\n  " & ($exists($states.input.recorded) ? $states.input.recorded : $exists($states.input.reason) ? '
    + '$states.input.reason & ($exists($states.input.containerReason) ? ": " & $states.input.containerReason : "") : $states.input.cause)',
    leftBehind(words),
    literal('\n\nHow to continue: mend the cause, deploy if code or contract had to change, then start the next attempt. '),
    literal(`${words.resume}\n  headrace retry `), '$slot',
    literal('\n  aws stepfunctions start-execution --state-machine-arn '), '$states.context.StateMachine.Id',
    literal(` --name ${words.namePrefix}-`), '$slot', literal('-a'), next, literal(' --input \''), NEXT_INPUT, literal('\'\n\nExecution: '), '$states.context.Execution.Id',
  ].join(' & ');
  return {
    Type: 'Task',
    Resource: `arn:${Aws.PARTITION}:states:::sns:publish`,
    Arguments: {
      TopicArn: topicArn,
      // Subjects end at 100 characters.
      Subject: jsonata(`$substring(${literal(`Headrace: ${words.stage} of ${words.pipeline} failed, slot `)} & $slot, 0, 99)`),
      Message: jsonata(message),
      MessageAttributes: {
        pipeline: { DataType: 'String', StringValue: words.pipeline },
        stage: { DataType: 'String', StringValue: words.stage },
      },
    },
    Output: jsonata('$states.input'),
    TimeoutSeconds: 60,
    // A notice sent twice does no harm, one that is not sent does: whatever went wrong is tried again.
    Retry: [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 2, MaxAttempts: 5, BackoffRate: 2, JitterStrategy: 'FULL' }],
    Catch: [{ ErrorEquals: ['States.ALL'], Next: notNotified }],
    Next: failed,
  };
}

/** JSONata of what is visible and what is half-done. */
function leftBehind(words: NoticeWords): string {
  const said = ({ visible, halfDone }: Pick<NoticeWords, 'visible' | 'halfDone'>): string => literal(`\n\nWhat is visible: ${visible}\n\nWhat is half-done: ${halfDone}`);
  return Object.entries(words.ofState ?? {}).reduce((otherwise, [state, other]) => `($states.input.state = ${literal(state)} ? ${said(other)} : ${otherwise})`, said(words));
}

/** The two ends of a failed execution. */
export function failedStates(failed: string, notNotified: string): Record<string, AslState> {
  // Whoever looks at the execution, and not at the notice, finds the reason too.
  const cause = jsonata('$states.input.state & ": " & $states.input.error & ($exists($states.input.recorded) ? ": " & $states.input.recorded)');
  return {
    [failed]: { Type: 'Fail', Error: NOTIFIED, Cause: cause },
    [notNotified]: { Type: 'Fail', Error: NOT_NOTIFIED, Cause: 'the failure notice could not be published' },
  };
}

/** Ends of an execution that no Catch sees, and failures that were not published. */
export function unnoticedEnds(stateMachineArn: string): events.EventPattern {
  return {
    source: ['aws.states'],
    detailType: ['Step Functions Execution Status Change'],
    detail: {
      stateMachineArn: [stateMachineArn],
      $or: [
        { status: ['TIMED_OUT', 'ABORTED'] },
        { status: ['FAILED'], error: [{ 'anything-but': NOTIFIED }] },
        // An absent field matches no anything-but.
        { status: ['FAILED'], error: [{ exists: false }] },
      ],
    },
  };
}

/**
 * The text of the rule's notice: an event carries no slot, but the execution's name holds it. No angle brackets: EventBridge takes what stands
 * in them for a field, and refuses a template with one that it does not know.
 */
export function unnoticedText(words: NoticeWords): events.RuleTargetInput {
  const field = events.EventField.fromPath;
  return events.RuleTargetInput.fromText(
    `The ${words.stage} stage of pipeline ${words.pipeline} ended as ${field('$.detail.status')}: `
    + `execution ${field('$.detail.name')}, error ${field('$.detail.error')}.\n\n`
    + `What is visible: ${words.visible}\n\nWhat is half-done: ${words.halfDone}\n\n`
    + `How to continue: the name ends with -SLOT-aATTEMPT; start the next attempt of that slot, with the rest of the input as it was. ${words.resume}\n`
    + '  headrace retry SLOT\n'
    + `  aws stepfunctions start-execution --state-machine-arn ${field('$.detail.stateMachineArn')} `
    + `--name ${words.namePrefix}-SLOT-aNEXT --input '{"slot":"SLOT","attempt":NEXT}'\n\nExecution: ${field('$.detail.executionArn')}`,
  );
}
