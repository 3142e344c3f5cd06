/**
 * The failure of a task, with the error name that `Retry` and `Catch` match and a cause for people.
 *
 * Handlers throw it; any other exception of a handler becomes `States.TaskFailed`.
 */
export class TaskFailure extends Error {
  /** Error name such as `ECS.AmazonECSException` or `States.TaskFailed`. */
  readonly error: string;
  /** Free text; service integrations put a JSON document here. */
  override readonly cause: string;

  constructor(error: string, cause: string) {
    super(cause === '' ? error : `${error}: ${cause}`);
    this.name = 'TaskFailure';
    this.error = error;
    this.cause = cause;
  }
}

/** Any thrown value as a failure with an error name. */
export function toTaskFailure(thrown: unknown): TaskFailure {
  if (thrown instanceof TaskFailure) return thrown;
  // A handler may come from another copy of this package, so its class cannot be relied on.
  if (thrown instanceof Error && typeof (thrown as Partial<TaskFailure>).error === 'string') {
    const { error, cause } = thrown as TaskFailure;
    return new TaskFailure(error, typeof cause === 'string' ? cause : thrown.message);
  }
  return new TaskFailure('States.TaskFailed', thrown instanceof Error ? thrown.message : String(thrown));
}

/** Thrown inside a branch that was told to stop; it never reaches `Retry` or `Catch`. */
export class Stopped extends Error {
  constructor() {
    super('the state was stopped');
    this.name = 'Stopped';
  }
}
