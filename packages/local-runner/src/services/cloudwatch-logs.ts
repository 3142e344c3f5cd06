import { existsSync, readFileSync } from 'node:fs';
import { defineService } from '../gateway/define-service';
import { ServiceError, type ServiceApi } from '../gateway/service-api';

/** Log streams of containers: each is the log file of a child process. */
export class LocalLogs {
  private readonly files = new Map<string, string>();

  add(group: string, stream: string, file: string): void {
    this.files.set(`${group}\n${stream}`, file);
  }

  /** Lines from the oldest to the newest. @throws ServiceError ResourceNotFoundException before there is one */
  lines(group: string, stream: string): string[] {
    const file = this.files.get(`${group}\n${stream}`);
    if (file === undefined || !existsSync(file)) throw new ServiceError('ResourceNotFoundException', 'The specified log stream does not exist.');
    return readFileSync(file, 'utf8').split('\n').slice(0, -1);
  }
}

const DEFAULT_LIMIT = 10_000;

/** Emulated: the newest events of a stream. Times are those of the call; pages are not served. */
export function cloudWatchLogsApi(logs: LocalLogs): ServiceApi {
  return defineService({
    service: 'logs',
    protocol: 'json1.1',
    operations: {
      GetLogEvents: ({ logGroupName, logStreamName, limit = DEFAULT_LIMIT, startFromHead = false, nextToken }) => {
        if (nextToken !== undefined) throw new ServiceError('InvalidParameterException', 'headrace serves one page of a log stream; ask without nextToken');
        const lines = logs.lines(String(logGroupName), String(logStreamName));
        const now = Date.now();
        const chosen = startFromHead ? lines.slice(0, limit) : lines.slice(-limit);
        const events = chosen.map((message) => ({ timestamp: now, ingestionTime: now, message }));
        return { events, nextForwardToken: 'f/0', nextBackwardToken: 'b/0' };
      },
    },
  });
}
