import { compareInstants, parseInstant } from './exact-instant';
import { compareNumbers, isExactNumber } from './exact-number';
import type { SinceOrder } from './since-settings';

/** Whether a text is written as values of the order are. */
export function fitsOrder(order: SinceOrder, text: string): boolean {
  if (order === 'text') return text !== '';
  return order === 'number' ? isExactNumber(text) : parseInstant(text) !== undefined;
}

/** Times with a zone and times without are not comparable. */
export function comparable(order: SinceOrder, one: string, other: string): boolean {
  return order !== 'time' || (parseInstant(one)!.zone === '') === (parseInstant(other)!.zone === '');
}

/** Below 0, 0 or above 0. Both texts must fit the order, and be comparable. */
export function compareIn(order: SinceOrder, one: string, other: string): number {
  if (one === other) return 0;
  switch (order) {
    case 'number': return compareNumbers(one, other);
    case 'time': return compareInstants(parseInstant(one)!, parseInstant(other)!);
    // The order of UTF-8 is that of code points, which that of UTF-16 is not.
    case 'text': return Buffer.compare(Buffer.from(one), Buffer.from(other));
  }
}
