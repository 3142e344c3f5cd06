import { ISO_GRAMMAR } from '../date-grammar';
import { isoOrder } from '../iso-order';
import { matchesGrammar } from '../lexical-grammar';
import type { Expression } from './expression';
import { ExpressionProblem } from './expression-problem';
import type { Token } from './expression-tokens';

/** `DATE '2024-12-31'` and `TIMESTAMP '2024-12-31 23:59:59'`, which is an instant with `Z` or an offset. */
export function momentLiteral(word: 'DATE' | 'TIMESTAMP', { text, at }: Token): Expression {
  if (isoOrder(text) !== undefined) {
    if (word === 'DATE' && matchesGrammar(ISO_GRAMMAR.date, text)) return { node: 'literal', text, type: { kind: 'date' } };
    if (word === 'TIMESTAMP' && matchesGrammar(ISO_GRAMMAR.timestamp, text)) return { node: 'literal', text, type: { kind: 'timestamp', zoned: false } };
    if (word === 'TIMESTAMP' && matchesGrammar(ISO_GRAMMAR.zonedTimestamp, text)) return { node: 'literal', text, type: { kind: 'timestamp', zoned: true } };
  }
  throw new ExpressionProblem(at, `'${text}'`, `${word} needs an ISO ${word.toLowerCase()} of the calendar`, word === 'DATE' ? "write DATE '2024-12-31'" : "write TIMESTAMP '2024-12-31 23:59:59', with Z behind it for an instant");
}
