import type { S3Client } from '@aws-sdk/client-s3';
import { s3SdkCall } from '../../src/services/s3-sdk-calls';

/** What the SDK is asked to send. */
async function sent(input: object): Promise<object> {
  const inputs: object[] = [];
  const client = { send: async (command: { input: object }) => { inputs.push(command.input); return { $metadata: {}, ETag: '"e"' }; } } as unknown as S3Client;
  await s3SdkCall(client, 'putObject')({ arguments: input, state: 'Write', signal: new AbortController().signal } as never);
  return inputs[0]!;
}

describe('a call of S3 by its SDK action', () => {
  test('writes a body that is an object as JSON', async () => {
    expect(await sent({ Bucket: 'b', Key: 'k', Body: { code: 'X', facts: { n: 1 } } })).toEqual({ Bucket: 'b', Key: 'k', Body: '{"code":"X","facts":{"n":1}}' });
  });

  test('writes a text as it is', async () => {
    expect(await sent({ Bucket: 'b', Key: 'k', Body: 'plain' })).toEqual({ Bucket: 'b', Key: 'k', Body: 'plain' });
  });

  test('fails with the name of an action that S3 does not have', () => {
    expect(() => s3SdkCall({} as S3Client, 'putThing')).toThrow(/S3 has no action putThing; use the camelCase name/);
  });
});
