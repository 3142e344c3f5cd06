import { ExecutionAlreadyExists, type SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { PipelineError, transientError } from '../errors/pipeline-error';

export interface StartRequest {
  readonly client: Pick<SFNClient, 'send'>;
  readonly stateMachineArn: string;
  /** Deterministic: Step Functions refuses a second execution of that name for 90 days. */
  readonly name: string;
  readonly input: object;
  /** What happens by itself after a failure that may pass. */
  readonly again: string;
}

export interface StartAnswer {
  /** `started` too where the execution of that name is running with the same input: Step Functions answers as if it were new. */
  readonly outcome: 'started' | 'already-started';
  readonly executionArn?: string;
}

const TRANSIENT = new Set(['ThrottlingException', 'TooManyRequestsException', 'ServiceUnavailable', 'InternalServerError', 'InternalFailure', 'TimeoutError', 'ECONNRESET', 'ExecutionLimitExceeded']);

/** Starts an execution unless there has been one of that name, whatever its input was. Throws PipelineError `START`. */
export async function startExecution({ client, stateMachineArn, name, input, again }: StartRequest): Promise<StartAnswer> {
  try {
    const { executionArn } = await client.send(new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(input) }));
    return { outcome: 'started', ...(executionArn === undefined ? {} : { executionArn }) };
  } catch (thrown) {
    const error = thrown as Error;
    if (error instanceof ExecutionAlreadyExists || error.name === 'ExecutionAlreadyExists') return { outcome: 'already-started' };
    const facts = { name, stateMachineArn, error: error.name };
    const text = `execution ${name} could not be started (${error.name}: ${error.message})`;
    throw TRANSIENT.has(error.name)
      ? transientError('START', `${text}; ${again}`, facts, error)
      : new PipelineError('START', `${text}; the function's role needs states:StartExecution on the state machine`, { facts, cause: error });
  }
}
