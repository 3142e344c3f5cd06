import { FUNCTION_TIMEOUT } from './function-timeout';
import { invokeFunction } from './stage/invoke-function';
import { jsonata } from './stage/jsonata';
import type { StageFunction } from './stage/stage-function';
import { plain, type Step } from './stage/step';

/** The name of the first state. */
export const TURN_NEEDED = 'TurnNeeded';

/** What the function is told of who asks; the number of polls comes back from its last answer. */
const ASKER = '{"executionArn": $states.context.Execution.Id, "polls": $exists($states.input.turn) ? $states.input.polls : 0}';

/** Waits until no run of another slot is before this one, or ends it, as the overlap rule says (ADR 0033). */
export function turnSteps(props: { turn: StageFunction; payload: Record<string, unknown>; next: string }): Record<string, Step> {
  const { turn, payload, next } = props;
  return {
    // A plan changes nothing, so it waits for nobody.
    [TURN_NEEDED]: plain({ Type: 'Choice', Choices: [{ Condition: jsonata('$input.operation = "plan"'), Next: next }], Default: 'Turn' }),
    Turn: invokeFunction({ function: turn.function, payload: { ...payload, previous: jsonata(ASKER) }, timeout: FUNCTION_TIMEOUT, next: 'TurnTaken' }),
    TurnTaken: plain({
      Type: 'Choice',
      Choices: [
        { Condition: jsonata('$states.input.turn = "go"'), Next: next },
        { Condition: jsonata('$states.input.turn = "skip"'), Next: 'Skipped' },
      ],
      Default: 'WaitForTurn',
    }),
    WaitForTurn: plain({ Type: 'Wait', Seconds: jsonata('$states.input.seconds'), Next: 'Turn' }),
    Skipped: plain({ Type: 'Succeed', Output: jsonata('$states.input.output') }),
  };
}
