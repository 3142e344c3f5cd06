import type { Json } from '../asl/json';
import type { TaskHandler } from '../asl/task-handler';
import { runFunction } from '../exec/lambda-function';
import type { Deployment } from '../stack/deployment';
import type { ExecutionScope } from '../stack/execution-scope';

/** `lambda:invoke`: runs the packaged handler in a fresh child process, with the function's own role and time-out. */
export function lambdaInvoke(deployment: Deployment, scope: ExecutionScope): TaskHandler {
  return async ({ arguments: input, state, signal }) => {
    const { FunctionName, Payload } = input as { FunctionName: string; Payload?: Json };
    scope.authorize({ action: 'lambda:InvokeFunction', resource: FunctionName });
    const lambda = deployment.lambdaFunction(FunctionName);
    scope.assume(lambda.roleArn, 'lambda.amazonaws.com');
    const task = scope.nextChild(state);
    const payload = await runFunction({
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
      event: Payload ?? {},
      timeoutMs: lambda.timeoutSeconds * 1000,
      memoryMiB: lambda.memoryMiB,
      signal,
      logFile: scope.logFile(task),
      pidFolder: deployment.pidFolder,
      onLine: (line: string) => scope.childLine(state, line),
      onStarted: (pid) => scope.childStarted(state, pid),
      onEnded: (pid, { exitCode, peakRssBytes }) => scope.childEnded(state, { pid, exitCode, peakRssBytes }),
    });
    return { ExecutedVersion: lambda.version, StatusCode: 200, Payload: payload as Json };
  };
}
