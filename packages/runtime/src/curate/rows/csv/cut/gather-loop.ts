import { add, below, constant, get, repeat, set, setWord, when, wide, wordAt, type Code } from '../wasm-code';

/** Where the function says where its copies end. */
export const GATHERED = 8;

/** `gather(from, to, target)` copies texts that were noted by place and length, each behind its length. */
export function gather(): Code {
  const [from, to, target, at, length, copied] = [0, 1, 2, 3, 4, 5];
  const grow = (local: number, by: Code): Code => set(local, add(get(local), by));
  const unfinished = below(get(from), get(to));
  return [
    ...when(unfinished, repeat([
      ...set(at, wordAt(get(from))), ...set(length, wordAt(get(from), 4)), ...grow(from, constant(8)),
      ...setWord(get(target), 0, get(length)), ...grow(target, constant(4)),
      ...set(copied, constant(0)),
      ...when(get(length), repeat(
        [...wide.set(add(get(target), get(copied)), 0, wide.at(add(get(at), get(copied)))), ...grow(copied, constant(8))],
        below(get(copied), get(length)),
      )),
      ...grow(target, get(length)),
    ], unfinished)),
    ...setWord(constant(0), GATHERED, get(target)),
  ];
}
