import { CURATE_MESSAGES } from './messages/curate';
import { INGEST_MESSAGES } from './messages/ingest';
import { LOAD_MESSAGES } from './messages/load';
import { TASK_MESSAGES } from './messages/task';

/**
 * Every message that the runtime can print. The key is the code.
 *
 * A code is `<STAGE>_<I|W|E><4 digits>`: the letter is the level, so an alarm can match `_E` alone. A code keeps its
 * meaning for ever; its text may become better. `{name}` in a text is filled from the member of that name in `data`.
 */
export const CATALOGUE = { ...TASK_MESSAGES, ...INGEST_MESSAGES, ...CURATE_MESSAGES, ...LOAD_MESSAGES } as const;

export type MessageCode = keyof typeof CATALOGUE;

export type Level = 'info' | 'warning' | 'error';

const LEVELS: Readonly<Record<string, Level>> = { I: 'info', W: 'warning', E: 'error' };

/** The level that a code carries in its name. */
export function levelOf(code: MessageCode): Level {
  return LEVELS[/_([IWE])\d{4}$/.exec(code)?.[1] ?? 'E'] ?? 'error';
}

/** The text of a code with its placeholders filled; a placeholder without a value reads `unknown`. */
export function textOf(code: MessageCode, data: Readonly<Record<string, unknown>>): string {
  return CATALOGUE[code].replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = data[name];
    return value === undefined || value === null ? 'unknown' : typeof value === 'object' ? JSON.stringify(value) : String(value);
  });
}
