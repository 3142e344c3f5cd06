import type { Json } from '../asl/json';
import type { TaskHandler } from '../asl/task-handler';
import type { Deployment } from '../stack/deployment';
import type { ExecutionScope } from '../stack/execution-scope';
import { callFunction } from './function-calls';

/** `lambda:invoke`: runs the packaged handler in a fresh child process, with the function's own role and time-out. */
export function lambdaInvoke(deployment: Deployment, scope: ExecutionScope): TaskHandler {
  return async ({ arguments: input, state, signal }) => {
    const { FunctionName, Payload } = input as { FunctionName: string; Payload?: Json };
    scope.authorize({ action: 'lambda:InvokeFunction', resource: FunctionName });
    const lambda = deployment.lambdaFunction(FunctionName);
    scope.assume(lambda.roleArn, 'lambda.amazonaws.com');
    const task = scope.nextChild(state);
    const payload = await callFunction(deployment, lambda, {
      event: Payload ?? {},
      signal,
      logFile: scope.logFile(task),
      onLine: (line: string) => scope.childLine(state, line),
      onStarted: (pid) => scope.childStarted(state, pid),
      onEnded: (pid, { exitCode, peakRssBytes }) => scope.childEnded(state, { pid, exitCode, peakRssBytes }),
    });
    return { ExecutedVersion: lambda.version, StatusCode: 200, Payload: payload as Json };
  };
}
