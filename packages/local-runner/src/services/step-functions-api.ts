import { defineService } from '../gateway/define-service';
import { ServiceError, type ServiceApi } from '../gateway/service-api';

export interface StartedExecution { readonly executionArn: string; readonly startDate: Date }

export interface ExecutionSummary extends StartedExecution {
  readonly stateMachineArn: string;
  readonly name: string;
  readonly status: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';
  readonly stopDate?: Date;
}

export interface ExecutionDescription extends ExecutionSummary {
  /** JSON text, as all inputs and outputs of this API. */
  readonly input: string;
  readonly output?: string;
  readonly error?: string;
  readonly cause?: string;
}

/**
 * What runs executions, as the API needs it. Implementations throw {@link ServiceError} with the API's own codes:
 * `StateMachineDoesNotExist`, `ExecutionAlreadyExists`, `ExecutionDoesNotExist`, `TaskDoesNotExist`, `TaskTimedOut`.
 */
export interface ExecutionPort {
  start(request: { readonly stateMachineArn: string; readonly name?: string; readonly input: string }): Promise<StartedExecution>;
  describe(executionArn: string): Promise<ExecutionDescription>;
  stop(executionArn: string, reason: { readonly error?: string; readonly cause?: string }): Promise<{ readonly stopDate: Date }>;
  /** All executions of a machine, newest first. */
  list(stateMachineArn: string): Promise<readonly ExecutionSummary[]>;
  sendTaskSuccess(taskToken: string, output: string): Promise<void>;
  sendTaskFailure(taskToken: string, reason: { readonly error?: string; readonly cause?: string }): Promise<void>;
  sendTaskHeartbeat(taskToken: string): Promise<void>;
  /** Machine whose task waits with this token, for the check of permissions. */
  machineOfToken(taskToken: string): string | undefined;
}

/** Limits of Step Functions for inputs and outputs, names, and pages. */
const MAX_PAYLOAD_BYTES = 262_144;
const MAX_NAME = 80;
const MAX_PAGE = 1000;
const DEFAULT_PAGE = 100;

export function stepFunctionsApi(port: ExecutionPort): ServiceApi {
  return defineService({
    service: 'states',
    protocol: 'json1.0',
    names: { machineOfToken: (token) => port.machineOfToken(token) },
    operations: {
      StartExecution: ({ stateMachineArn, name, input }) => {
        requireArn(stateMachineArn, 'stateMachine');
        requireName(name);
        return port.start({ stateMachineArn, name, input: requireJson(input ?? '{}', 'InvalidExecutionInput', 'State Machine Execution Input') });
      },
      DescribeExecution: async ({ executionArn }) => {
        requireArn(executionArn, 'execution');
        const description = await port.describe(executionArn);
        const included = { included: true };
        return { ...description, inputDetails: included, ...(description.output === undefined ? {} : { outputDetails: included }) };
      },
      StopExecution: ({ executionArn, error, cause }) => {
        requireArn(executionArn, 'execution');
        return port.stop(executionArn, { error, cause });
      },
      ListExecutions: async ({ stateMachineArn, statusFilter, maxResults, nextToken }) => {
        requireArn(stateMachineArn, 'stateMachine');
        const all = (await port.list(stateMachineArn)).filter(({ status }) => statusFilter === undefined || status === statusFilter);
        return page(all, maxResults, nextToken);
      },
      SendTaskSuccess: ({ taskToken, output }) =>
        port.sendTaskSuccess(requireToken(taskToken), requireJson(output, 'InvalidOutput', 'Task Output')),
      SendTaskFailure: ({ taskToken, error, cause }) => port.sendTaskFailure(requireToken(taskToken), { error, cause }),
      SendTaskHeartbeat: ({ taskToken }) => port.sendTaskHeartbeat(requireToken(taskToken)),
    },
  });
}

function requireArn(arn: unknown, kind: 'stateMachine' | 'execution'): void {
  if (typeof arn !== 'string' || !new RegExp(`^arn:[^:]+:states:[^:]+:\\d{12}:${kind}:[^:]+`).test(arn)) {
    throw new ServiceError('InvalidArn', `Invalid Arn: 'Invalid ARN prefix: ${String(arn)}'`);
  }
}

function requireName(name: unknown): void {
  if (name === undefined) return;
  const forbidden = /[\s<>{}[\]?*"#%\\^|~`$&,;:/\u0000-\u001f\u007f-\u009f\ufffe\uffff]/;
  if (typeof name !== 'string' || name === '' || name.length > MAX_NAME || forbidden.test(name)) {
    throw new ServiceError('InvalidName', `Invalid Name: '${String(name)}'`);
  }
}

function requireToken(token: unknown): string {
  if (typeof token !== 'string' || token === '') throw new ServiceError('InvalidToken', 'Invalid token');
  return token;
}

function requireJson(text: unknown, code: string, what: string): string {
  if (typeof text !== 'string' || Buffer.byteLength(text) > MAX_PAYLOAD_BYTES) {
    throw new ServiceError(code, `Invalid ${what}: must be JSON text of at most ${MAX_PAYLOAD_BYTES} bytes`);
  }
  try {
    JSON.parse(text);
    return text;
  } catch (error) {
    throw new ServiceError(code, `Invalid ${what}: '${(error as Error).message}'`);
  }
}

function page(all: readonly ExecutionSummary[], maxResults: unknown, nextToken: unknown) {
  const size = typeof maxResults === 'number' && maxResults > 0 ? Math.min(maxResults, MAX_PAGE) : DEFAULT_PAGE;
  const start = nextToken === undefined ? 0 : all.findIndex(({ executionArn }) => Buffer.from(executionArn).toString('base64url') === nextToken) + 1;
  if (nextToken !== undefined && start === 0) throw new ServiceError('InvalidToken', `Invalid Token: '${String(nextToken)}'`);
  const executions = all.slice(start, start + size);
  const last = executions.at(-1);
  const more = last !== undefined && start + size < all.length;
  return { executions, ...(more ? { nextToken: Buffer.from(last.executionArn).toString('base64url') } : {}) };
}
