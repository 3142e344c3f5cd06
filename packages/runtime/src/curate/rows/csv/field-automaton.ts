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
  /** Of each byte: bytes with the same number lead to the same state from every state, but for those that end a field. */
  readonly classes: Uint8Array;
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
  const { classes, samples } = byteClasses(new Set(nfa.moves.flat().map((move) => move.bytes)));
  const inClass = bytesByClass(classes, samples.length);
  const classesOf = new Map<Uint8Array, readonly number[]>();
  const sets: number[][] = [];
  const numbers = new Map<string, number>();
  // Most moves lead where others led, so free moves are followed once for each list of states.
  const reached = new Map<string, number>();
  // Number 0 is the end of the field; the empty set, from which nothing is accepted, is a state like any other.
  const numberOf = (states: readonly number[]): number => {
    const from = states.join();
    const known = reached.get(from);
    if (known !== undefined) return known;
    const set = closure(nfa, states);
    const key = set.join();
    const number = numbers.get(key) ?? sets.push(set);
    numbers.set(key, number);
    reached.set(from, number);
    return number;
  };
  const start = numberOf([0]);
  const moves: number[][] = [];
  for (let index = 0; index < sets.length; index++) {
    if (sets.length > MAX_STATES) return undefined;
    const targets = samples.map((): number[] => []);
    for (const state of sets[index]!) {
      for (const { bytes, to } of nfa.moves[state]!) {
        let taken = classesOf.get(bytes);
        if (taken === undefined) classesOf.set(bytes, taken = samples.flatMap((byte, each) => (bytes[byte] === 1 ? [each] : [])));
        for (const each of taken) targets[each]!.push(to);
      }
    }
    moves.push(targets.map(numberOf));
  }
  const next = new Int32Array((sets.length + 1) * 256);
  const nowhere = numbers.get('') ?? 0;
  moves.forEach((byClass, index) => {
    const row = next.subarray((index + 1) * 256, (index + 2) * 256);
    // Nearly all bytes lead nowhere from nearly all states.
    row.fill(nowhere * 256);
    byClass.forEach((to, each) => { if (to !== nowhere) for (const byte of inClass[each]!) row[byte] = to * 256; });
    for (const end of ends) row[end] = FIELD_END;
  });
  const accepting = new Uint8Array(sets.length + 1);
  sets.forEach((set, index) => { accepting[index + 1] = set.includes(nfa.accept) ? 1 : 0; });
  return { start: start * 256, next, accepts: accepting, classes };
}

function bytesByClass(classes: Uint8Array, count: number): readonly (readonly number[])[] {
  const bytes = Array.from({ length: count }, (): number[] => []);
  for (let byte = 0; byte < classes.length; byte++) bytes[classes[byte]!]!.push(byte);
  return bytes;
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
