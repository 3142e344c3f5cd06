import * as s3 from '@aws-sdk/client-s3';
import { TaskFailure } from '../asl/task-failure';
import type { TaskHandler } from '../asl/task-handler';

/** What Step Functions prefixes to the error codes of S3. */
const ERROR_PREFIX = 'S3.';

interface S3Input { readonly Body?: unknown }

type Command = new (input: object) => s3.GetObjectCommand;

/** `aws-sdk:s3:<action>`: the same call by the SDK, with the machine's role, against the local endpoint. */
export function s3SdkCall(client: s3.S3Client, action: string): TaskHandler {
  const command = (s3 as unknown as Record<string, Command | undefined>)[`${action[0]?.toUpperCase()}${action.slice(1)}Command`];
  if (command === undefined) throw new TaskFailure('States.Runtime', `S3 has no action ${action}; use the camelCase name of an S3 API action`);
  return async ({ arguments: input, signal }) => {
    try {
      const { $metadata: _metadata, Body, ...members } = await client.send(new command(withText(input as S3Input)), { abortSignal: signal });
      return JSON.parse(JSON.stringify({ ...members, ...(Body === undefined ? {} : { Body: await Body.transformToString() }) }));
    } catch (error) {
      const { name, message } = error as Error;
      // Step Functions appends Exception to codes that lack it: NoSuchKey becomes S3.NoSuchKeyException.
      throw new TaskFailure(`${ERROR_PREFIX}${name.endsWith('Exception') ? name : `${name}Exception`}`, message);
    }
  };
}

/** Step Functions writes a body that is an object as JSON; the SDK would take it for a stream. */
function withText(input: S3Input): object {
  const { Body } = input;
  return typeof Body === 'object' && Body !== null ? { ...input, Body: JSON.stringify(Body) } : input;
}

/** The actions of a definition's `aws-sdk:s3` integrations that a machine may call. */
export const S3_INTEGRATION = /^arn:[^:]+:states:::aws-sdk:s3:([a-zA-Z0-9]+)$/;
