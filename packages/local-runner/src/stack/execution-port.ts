import type { TaskTokens } from '../asl';
import { ExecutionAlreadyExists, type ExecutionRecord, type ExecutionStore } from '../executions/execution-store';
import { ServiceError } from '../gateway/service-api';
import type { ExecutionDescription, ExecutionPort } from '../services/step-functions-api';
import type { DetachedRuns } from './detached-runs';
import type { Executions } from './executions';

/** The Step Functions API over the local executions: what functions and containers reach with the SDK. */
export function executionPort(
  executions: () => Executions, store: ExecutionStore, tokens: TaskTokens, machineArns: () => readonly string[], detached: DetachedRuns,
): ExecutionPort {
  const find = (arn: string): ExecutionRecord => {
    const record = store.list().find((each) => each.arn === arn);
    if (record === undefined) throw new ServiceError('ExecutionDoesNotExist', `Execution Does Not Exist: '${arn}'`);
    return record;
  };
  const token = <T>(use: () => T): T => {
    try {
      return use();
    } catch (error) {
      throw new ServiceError('TaskDoesNotExist', (error as Error).message);
    }
  };
  return {
    start: async ({ stateMachineArn, name = `x${Date.now().toString(36)}`, input }) => {
      if (!machineArns().includes(stateMachineArn)) throw new ServiceError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${stateMachineArn}'`);
      const parsed: unknown = JSON.parse(input);
      const existing = store.find(stateMachineArn, name);
      if (existing !== undefined) {
        // A start that repeats an open execution with the same input is no error, as in Step Functions.
        if (existing.status === 'RUNNING' && JSON.stringify(existing.input) === JSON.stringify(parsed)) return started(existing);
        throw new ServiceError('ExecutionAlreadyExists', `Execution Already Exists: '${existing.arn}'`);
      }
      const running = executions().start({ machineArn: stateMachineArn, name, input: parsed, signal: detached.signal });
      detached.add(running);
      const failed = running.then(() => undefined, (error: Error) => error);
      const record = store.find(stateMachineArn, name);
      if (record !== undefined) return started(record);
      const error = await failed;
      if (error instanceof ExecutionAlreadyExists) throw new ServiceError('ExecutionAlreadyExists', error.message);
      throw error ?? new ServiceError('InternalFailure', `execution ${name} left no record`, 500);
    },
    describe: async (arn) => describe(find(arn)),
    stop: async () => { throw new ServiceError('NotImplemented', 'headrace does not stop executions through the API; press Ctrl-C', 501); },
    list: async (machineArn) => store.list().filter((each) => each.machineArn === machineArn).map(describe).reverse(),
    sendTaskSuccess: async (id, output) => token(() => tokens.succeed(id, JSON.parse(output))),
    sendTaskFailure: async (id, { error, cause }) => token(() => tokens.fail(id, error, cause)),
    sendTaskHeartbeat: async (id) => token(() => tokens.heartbeat(id)),
    machineOfToken: () => undefined,
  };
}

function started(record: ExecutionRecord) {
  return { executionArn: record.arn, startDate: new Date(record.startedAt) };
}

function describe(record: ExecutionRecord): ExecutionDescription {
  return {
    executionArn: record.arn, stateMachineArn: record.machineArn, name: record.name, status: record.status,
    startDate: new Date(record.startedAt), ...(record.endedAt === undefined ? {} : { stopDate: new Date(record.endedAt) }),
    input: JSON.stringify(record.input), ...(record.output === undefined ? {} : { output: JSON.stringify(record.output) }),
    error: record.error, cause: record.cause,
  };
}
