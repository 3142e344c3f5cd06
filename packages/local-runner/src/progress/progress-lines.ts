import type { OnStackEvent, StackEvent } from '../stack/stack-event';
import { causeInWords } from './cause-in-words';

/** Plain lines, one for each thing that began or ended: for logs, pipes and CI. */
export function progressLines(write: (text: string) => void): OnStackEvent {
  return (event) => {
    const text = lineOf(event);
    if (text !== undefined) write(`${text}\n`);
  };
}

/** The line of an event; undefined for events that only move a live display. */
export function lineOf(event: StackEvent): string | undefined {
  switch (event.kind) {
    case 'warning': return `! ${event.message}`;
    case 'denied': return `  ⛔ ${event.message}`;
    case 'stack': return `${event.what} (${seconds(event.milliseconds)})`;
    case 'execution':
      return event.status === 'RUNNING'
        ? `▶ ${event.machine}  ${event.name}`
        : `${event.status === 'SUCCEEDED' ? '✔' : '✘'} ${event.machine}  ${event.status.toLowerCase()} (${seconds(event.milliseconds)})${event.error ? `  ${event.error}: ${causeInWords(event.cause ?? '')}` : ''}`;
    case 'state':
      if (event.status === 'entered') return undefined;
      if (event.status === 'retried') return `  ↻ ${event.machine}  ${event.state}  ${event.error ?? ''}: ${causeInWords(event.cause ?? '')}`;
      return `  ${event.status === 'succeeded' ? '✔' : '✘'} ${event.machine}  ${event.state} (${seconds(event.milliseconds)})`;
    case 'child-line': return failureLine(event.line);
    case 'queued': return `⚡ ${event.event['detail-type']}${objectOf(event.event)}`;
    case 'notice': return `✉ ${event.topic}${event.subject ? `: ${event.subject}` : ''}\n${indent(event.message)}`;
    default: return undefined;
  }
}

/** Address of the object that an event of S3 tells of. */
function objectOf({ source, detail }: Extract<StackEvent, { kind: 'queued' }>['event']): string {
  const { bucket, object } = detail as { bucket?: { name: string }; object?: { key: string } };
  return source === 'aws.s3' ? `  s3://${bucket?.name}/${object?.key}` : `  ${source}`;
}

/** Coded lines of a child: those that tell of trouble are shown, all of them are in the log. */
function failureLine(line: string): string | undefined {
  const message = codedMessage(line);
  return message !== undefined && (message.level === 'error' || message.level === 'warning')
    ? `    ${message.code} ${message.message}${reasonOf(message)}`
    : undefined;
}

/** What a message does not say itself yet. */
function reasonOf({ message, data }: CodedMessage): string {
  const reason = typeof data?.reason === 'string' ? data.reason : '';
  return reason === '' || message.includes(reason) ? '' : `: ${reason}`;
}

export interface CodedMessage {
  readonly code: string;
  readonly level: string;
  readonly message: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

export function codedMessage(line: string): CodedMessage | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const parsed = JSON.parse(line) as Partial<CodedMessage>;
    return typeof parsed.code === 'string' && typeof parsed.message === 'string' ? parsed as CodedMessage : undefined;
  } catch {
    return undefined;
  }
}

export function seconds(milliseconds: number | undefined): string {
  return milliseconds === undefined ? '' : `${(milliseconds / 1000).toFixed(1)} s`;
}

function indent(text: string): string {
  return text.split('\n').map((line) => `    ${line}`).join('\n');
}
