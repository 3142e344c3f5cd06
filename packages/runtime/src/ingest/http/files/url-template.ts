import { digits, type CalendarTime, type DateStep } from './date-step';

const PLACEHOLDER = /\{([^{}]*)\}/g;
const LETTERS = /yyyy|yy|MM|M|dd|d|HH|H|[A-Za-z]+|[^A-Za-z]+/g;

const WORDS: Readonly<Record<string, (time: CalendarTime) => string>> = {
  yyyy: ({ year }) => digits(year, 4), yy: ({ year }) => digits(year % 100, 2),
  MM: ({ month }) => digits(month, 2), M: ({ month }) => String(month),
  dd: ({ day }) => digits(day, 2), d: ({ day }) => String(day),
  HH: ({ hour }) => digits(hour, 2), H: ({ hour }) => String(hour),
};

/** What a template must hold, so that no two steps have one address. */
const NEEDED: Readonly<Record<DateStep, ReadonlyArray<readonly string[]>>> = {
  month: [['yyyy', 'yy'], ['MM', 'M']],
  day: [['yyyy', 'yy'], ['MM', 'M'], ['dd', 'd']],
  hour: [['yyyy', 'yy'], ['MM', 'M'], ['dd', 'd'], ['HH', 'H']],
};

/** The address of one step: `{yyyy-MM-dd}` and `{yyyy}-{MM}-{dd}` are the same. */
export function fillTemplate(template: string, time: CalendarTime): string {
  return template.replace(PLACEHOLDER, (_, pattern: string) => pattern.replace(LETTERS, (word) => WORDS[word]?.(time) ?? word));
}

/** What is wrong with a template, each as the rest of a sentence. */
export function checkTemplate(template: string, step: DateStep): string[] {
  const words = [...template.matchAll(PLACEHOLDER)].flatMap(([, pattern]) => [...(pattern as string).matchAll(LETTERS)].map(([word]) => word));
  const unknown = words.filter((word) => /[A-Za-z]/.test(word) && WORDS[word] === undefined);
  const missing = NEEDED[step].filter((either) => !either.some((word) => words.includes(word))).map(([word]) => `{${word}}`);
  return [
    ...(unknown.length === 0 ? [] : [`has unknown words in braces: ${unknown.join(', ')}; known are ${Object.keys(WORDS).join(', ')}`]),
    ...(missing.length === 0 ? [] : [`must hold ${missing.join(', ')}, or several ${step}s have one address`]),
  ];
}
