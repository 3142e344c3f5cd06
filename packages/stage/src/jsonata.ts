/** A JSONata expression as Step Functions wants it. */
export function jsonata(expression: string): string {
  return `{% ${expression} %}`;
}

/** A JSONata string literal; JSON's escapes are JSONata's. CDK tokens inside are kept, because ours hold no quotes. */
export function literal(text: string): string {
  return JSON.stringify(text);
}

/**
 * The slot of the state's input, or one made of the execution's start time.
 *
 * The start time and not the clock: a state that is evaluated twice must give the same slot.
 */
export const SLOT =
  '($exists($states.input.slot) ? $states.input.slot : '
  + '"m" & $lowercase($replace($substring($states.context.Execution.StartTime, 0, 19), /[-:]/, "")) & "z")';

/** The attempt of the state's input, or 1. */
export const ATTEMPT = '($exists($states.input.attempt) ? $states.input.attempt : 1)';
