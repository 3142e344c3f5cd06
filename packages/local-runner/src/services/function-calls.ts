import { runFunction, type FunctionCall } from '../exec/lambda-function';
import type { Deployment, LambdaFunction } from '../stack/deployment';

/** Who calls, and what is to be known of the child. */
export type FunctionCaller = Pick<FunctionCall, 'event' | 'signal' | 'logFile' | 'onLine' | 'onStarted' | 'onEnded'>;

/** Calls a deployed function: its packaged handler in a child process, with its own role, memory and time-out. Throws TaskFailure. */
export function callFunction(deployment: Deployment, lambda: LambdaFunction, caller: FunctionCaller): Promise<unknown> {
  return runFunction({
    ...caller,
    codeFolder: lambda.codeFolder,
    handler: lambda.handler,
    env: {
      ...deployment.childEnvironment(lambda.roleArn),
      ...lambda.environment,
      AWS_LAMBDA_FUNCTION_NAME: lambda.name,
      AWS_LAMBDA_FUNCTION_VERSION: lambda.version,
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(lambda.memoryMiB),
      LAMBDA_TASK_ROOT: lambda.codeFolder,
    },
    timeoutMs: lambda.timeoutSeconds * 1000,
    memoryMiB: lambda.memoryMiB,
    pidFolder: deployment.pidFolder,
    startProcess: deployment.startProcess,
  });
}
