import { randomUUID } from 'node:crypto';
import { LOCAL } from '../assembly';
import { defineService } from '../gateway/define-service';
import { ServiceError, type ServiceApi } from '../gateway/service-api';
import type { LocalEventBus } from '../stack/event-bus';
import { busName } from '../stack/event-rules';
import type { StackTime } from '../stack/stack-time';

interface PutEventsEntry {
  readonly Time?: number;
  readonly Source?: string;
  readonly DetailType?: string;
  readonly Detail?: string;
  readonly Resources?: readonly string[];
  readonly EventBusName?: string;
}

/** EventBridge as far as putting events goes. */
export function eventsApi(bus: LocalEventBus, now: StackTime): ServiceApi {
  return defineService({
    service: 'events',
    protocol: 'json1.1',
    operations: {
      PutEvents: ({ Entries = [] }: { Entries?: readonly PutEventsEntry[] }) => {
        if (Entries.length < 1 || Entries.length > 10) throw new ServiceError('ValidationException', `Entries must have 1 to 10 members, got ${Entries.length}`);
        const answers = Entries.map((entry) => put(entry, bus, now));
        return { FailedEntryCount: answers.filter((answer) => 'ErrorCode' in answer).length, Entries: answers };
      },
    },
  });
}

function put({ Time, Source, DetailType, Detail, Resources = [], EventBusName }: PutEventsEntry, bus: LocalEventBus, now: StackTime): object {
  if (!Source || !DetailType || Detail === undefined) return refused('InvalidArgument', 'Parameters Source, DetailType and Detail are required.');
  if (Source.startsWith('aws.')) return refused('NotAuthorizedForSourceException', 'Not authorized for the source.');
  const detail = objectOf(Detail);
  if (detail === undefined) return refused('MalformedDetail', 'Detail is malformed.');
  const id = randomUUID();
  const time = new Date(Time === undefined ? now() : Time * 1_000).toISOString();
  bus.put({
    id, 'version': '0', 'detail-type': DetailType, 'source': Source, 'account': LOCAL.account, 'time': `${time.slice(0, 19)}Z`, 'region': LOCAL.region,
    'resources': Resources, detail,
  }, busName(EventBusName));
  return { EventId: id };
}

function refused(ErrorCode: string, ErrorMessage: string): object {
  return { ErrorCode, ErrorMessage };
}

function objectOf(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value as Record<string, unknown> : undefined;
  } catch {
    return undefined;
  }
}
