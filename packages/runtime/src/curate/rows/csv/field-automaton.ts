import { byteClasses } from './byte-classes';
import { regexToNfa, type Nfa } from './regex-to-nfa';

/** Tables beyond this many states are slower than the engine's own matching. */
const MAX_STATES = 500;

/** The state that a byte leads to when it ends the field. */
export const FIELD_END = 0;

/**
 * A deterministic automaton over the bytes of a field, for the scanner's inner loop.
 *
 * `next[state + byte]` is the next state; states are multiples of 256, {@link FIELD_END} is reached by the bytes that
 * end a field, and a text is in the grammar when `accepts[state >> 8]` is 1 for the state before.
 */
export interface FieldAutomaton {
  readonly start: number;
  readonly next: Int32Array;
  readonly accepts: Uint8Array;
}

/** Builds the automaton of a grammar; undefined when the grammar is beyond the subset, or its table beyond use. */
export function fieldAutomaton(grammar: string, ends: readonly number[]): FieldAutomaton | undefined {
  const nfa = regexToNfa(grammar);
  return nfa === undefined ? undefined : determine(nfa, ends);
}

/** Runs an automaton over a whole text. */
export function accepts(automaton: FieldAutomaton, text: Uint8Array): boolean {
  let state = automaton.start;
  for (const byte of text) {
    state = automaton.next[state + byte]!;
    if (state === FIELD_END) return false;
  }
  return automaton.accepts[state >> 8] === 1;
}

function determine(nfa: Nfa, ends: readonly number[]): FieldAutomaton | undefined {
  const sets: number[][] = [];
  const numbers = new Map<string, number>();
  const rows: Int32Array[] = [];
  // Number 0 is the end of the field; the empty set, from which nothing is accepted, is a state like any other.
  const numberOf = (set: number[]): number => {
    const key = set.join();
    const known = numbers.get(key);
    if (known !== undefined) return known;
    sets.push(set);
    numbers.set(key, sets.length);
    return sets.length;
  };
  const start = numberOf(closure(nfa, [0]));
  const { classes, samples } = byteClasses(new Set(nfa.moves.flat().map((move) => move.bytes)));
  for (let index = 0; index < sets.length; index++) {
    if (sets.length > MAX_STATES) return undefined;
    const moves = sets[index]!.flatMap((state) => nfa.moves[state]!);
    const byClass = samples.map((byte) => numberOf(closure(nfa, moves.filter((move) => move.bytes[byte] === 1).map((move) => move.to))) * 256);
    const row = new Int32Array(256).map((_, byte) => byClass[classes[byte]!]!);
    for (const end of ends) row[end] = FIELD_END;
    rows.push(row);
  }
  const next = new Int32Array((sets.length + 1) * 256);
  rows.forEach((row, index) => next.set(row, (index + 1) * 256));
  const accepting = new Uint8Array(sets.length + 1);
  sets.forEach((set, index) => { accepting[index + 1] = set.includes(nfa.accept) ? 1 : 0; });
  return { start: start * 256, next, accepts: accepting };
}

/** All states that free moves lead to, sorted. */
function closure(nfa: Nfa, states: readonly number[]): number[] {
  const found = new Set(states);
  const open = [...states];
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    for (const to of nfa.free[state]!) {
      if (found.has(to)) continue;
      found.add(to);
      open.push(to);
    }
  }
  return [...found].sort((a, b) => a - b);
}
