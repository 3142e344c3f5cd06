/** What Step Functions passes on as the cause of a task of ECS, and of an execution that a state started. */
interface ToldCause {
  readonly StoppedReason?: string;
  readonly Containers?: readonly { readonly Name?: string; readonly ExitCode?: number; readonly Reason?: string }[];
  readonly ExecutionArn?: string;
  readonly Status?: string;
  readonly Error?: string;
  readonly Cause?: string;
}

/** The cause of a failure for people: of long descriptions in JSON, why a task or an execution ended. */
export function causeInWords(cause: string): string {
  const told = parsed(cause);
  if (told?.ExecutionArn !== undefined) return [told.Error ?? told.Status, told.Cause === undefined ? undefined : causeInWords(told.Cause)].filter(Boolean).join(': ');
  if (told?.StoppedReason === undefined) return cause;
  const containers = (told.Containers ?? []).filter(({ ExitCode }) => ExitCode !== 0);
  return [told.StoppedReason, ...containers.map(({ Name, ExitCode, Reason }) => (
    `container ${Name} ${ExitCode === undefined ? 'never started' : `ended with exit code ${ExitCode}`}${Reason === undefined ? '' : `, ${Reason}`}`
  ))].join('; ');
}

function parsed(cause: string): ToldCause | undefined {
  if (!cause.startsWith('{')) return undefined;
  try {
    return JSON.parse(cause) as ToldCause;
  } catch {
    return undefined;
  }
}
