import { setTimeout as delay } from 'node:timers/promises';

export interface LogStream {
  readonly group: string;
  readonly stream: string;
}

/** What is quoted of a log: a notice is read on a phone. */
const LINES = 20;
const LINE_CHARACTERS = 300;

/** CloudWatch shows lines some seconds after they were written. */
const ASKS = 8;
const ASK_AGAIN_MS = 1_000;

/** The last lines of a log stream; none where it stays empty. */
export async function lastLogLines({ group, stream }: LogStream, signal: AbortSignal): Promise<string[]> {
  // Only a failed container needs it; the others start as fast as before.
  const { CloudWatchLogsClient, GetLogEventsCommand } = await import('@aws-sdk/client-cloudwatch-logs');
  const client = new CloudWatchLogsClient({});
  try {
    for (let ask = 0; ask < ASKS; ask += 1) {
      if (ask > 0) await delay(ASK_AGAIN_MS, undefined, { signal });
      const command = new GetLogEventsCommand({ logGroupName: group, logStreamName: stream, limit: LINES, startFromHead: false });
      const events = await client.send(command, { abortSignal: signal })
        .then((answer) => answer.events ?? [], (error: Error) => {
          // The stream is made with its first line.
          if (error.name === 'ResourceNotFoundException') return [];
          throw error;
        });
      if (events.length > 0) return events.map(({ message = '' }) => message.slice(0, LINE_CHARACTERS));
    }
    return [];
  } finally {
    client.destroy();
  }
}
