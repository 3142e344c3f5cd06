/**
 * What a cell shows of a number.
 *
 * `general`: its digits, also as format 0 shows those of whole numbers; `number`: something else of it, such as 00123 or 50 %;
 * `moment`: a day, a clock time or both; `elapsed`: a time span; `mixed`: now a number, now a moment.
 */
export type Shown = 'general' | 'whole' | 'number' | 'moment' | 'elapsed' | 'mixed';

export interface NumberFormat {
  readonly shown: Shown;
  /** As the workbook has it, or the number of one that needs no code. */
  readonly code: string;
}

/** Formats that have a number only. Those of 27 and on are dates in the languages that have them. */
const BUILT_IN: ReadonlyArray<readonly [first: number, last: number, shown: Shown]> = [
  [0, 0, 'general'], [1, 1, 'whole'], [2, 13, 'number'], [14, 22, 'moment'], [27, 36, 'moment'], [37, 44, 'number'], [45, 45, 'moment'], [46, 46, 'elapsed'],
  [47, 47, 'moment'], [48, 48, 'number'], [49, 49, 'general'], [50, 58, 'moment'], [59, 70, 'number'], [71, 81, 'moment'],
];

export function builtInFormat(id: number): NumberFormat {
  const shown = BUILT_IN.find(([first, last]) => id >= first && id <= last)?.[2] ?? 'number';
  return { shown, code: id === 0 ? 'General' : id === 1 ? '0' : id === 49 ? '@' : `of number ${id}` };
}

/** Parts of a section that are no letters of a date: texts, escaped characters, fill, spaces, what stands in brackets, exponents. */
const PART = /"[^"]*"?|\\[\s\S]?|_[\s\S]?|\*[\s\S]?|\[([^\]]*)\]?|General|AM\/PM|A\/P|E[+-]|[\s\S]/giu;

/** Colours, conditions and languages; a currency, other digits and whatever else stands in brackets is seen. */
const SHOWS_NOTHING = /^\[(?:black|blue|cyan|green|magenta|red|white|yellow|color ?\d{1,2}|[<>=].*|\$-[0-9a-f]*)\]$/i;

/** Tells what a format code shows. The first section is that of all numbers which are times, unless conditions choose. */
export function readFormat(code: string): NumberFormat {
  const sections: Shown[] = [];
  let [conditional, section]: [boolean, string[]] = [false, []];
  const end = (): void => {
    sections.push(sectionShown(section));
    section = [];
  };
  for (const [part, bracket] of code.matchAll(PART)) {
    if (bracket !== undefined && /^[<>=]/.test(bracket)) conditional = true;
    if (part === ';') end();
    else section.push(part);
  }
  end();
  const [first] = sections;
  // One of `@` alone is for texts.
  const numbers = sections.filter((shown, index) => index === 0 || shown !== 'general');
  if (conditional) return { shown: numbers.every((shown) => shown === first) ? first! : 'mixed', code };
  const digits = first === 'general' || first === 'whole';
  return { shown: digits && numbers.length > 1 ? 'number' : first!, code };
}

function sectionShown(parts: readonly string[]): Shown {
  let shown: Shown = 'number';
  const letters: string[] = [];
  for (const part of parts) {
    const elapsed = /^\[(h+|m+|s+)\]$/i.test(part);
    if (elapsed) return 'elapsed';
    if (/^(?:[ymdhseb]|a\/p|am\/pm)$/i.test(part)) shown = 'moment';
    if (!/^["\\_*[]/.test(part)) letters.push(part);
  }
  if (shown === 'moment') return shown;
  const text = letters.join('');
  const plain = parts.every((part) => (part.startsWith('[') ? SHOWS_NOTHING.test(part) : part.startsWith('_') || letters.includes(part)));
  return plain && /^(?:general|@)$/i.test(text) ? 'general' : plain && text === '0' ? 'whole' : 'number';
}
