import { Token } from 'aws-cdk-lib';
import type { IngestCronProps } from '../ingest-schedule';
import type { Problems } from './stage/fail';

interface CronField { readonly name: 'minute' | 'hour' | 'day' | 'month' | 'weekDay'; readonly from: number; readonly to: number; readonly words: readonly string[] }

/** As EventBridge Scheduler counts: Sunday is 1. */
const FIELDS: readonly CronField[] = [
  { name: 'minute', from: 0, to: 59, words: [] },
  { name: 'hour', from: 0, to: 23, words: [] },
  { name: 'day', from: 1, to: 31, words: [] },
  { name: 'month', from: 1, to: 12, words: ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'] },
  { name: 'weekDay', from: 1, to: 7, words: ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'] },
];

/** Notes numbers and names that no such field has; a deployment would fail on them, and at Sunday 0 run on another day than meant. */
export function checkCronFields(props: IngestCronProps, problems: Problems): void {
  for (const { name, from, to, words } of FIELDS) {
    const text = props[name];
    if (text === undefined || Token.isUnresolved(text)) continue;
    // What stands behind a slash is a step, and L, W and # are the field's own.
    const atoms = String(text).split(',').flatMap((item) => (item.split('/')[0] as string).split('-')).filter((atom) => !/[LW#*?]/i.test(atom) || words.includes(atom.toUpperCase()));
    const wrong = atoms.find((atom) => (/^\d+$/.test(atom) ? Number(atom) < from || Number(atom) > to : !words.includes(atom.toUpperCase())));
    if (wrong === undefined) continue;
    const rule = `${from} to ${to}${words.length === 0 ? '' : ` or ${words[0]} to ${words.at(-1)}`}`;
    problems.add(`schedule.${name} must be made of ${rule}, with , - / and *, got ${JSON.stringify(text)}`);
  }
}
