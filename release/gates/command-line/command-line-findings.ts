import type { Finding } from '../../finding';
import type { CommandLine, CommandOption } from './describe-program';

/** What scripts and people type must go on meaning what it meant. */
export function commandLineFindings(before: readonly CommandLine[], now: readonly CommandLine[]): Finding[] {
  const next = new Map(now.map((command) => [command.name, command]));
  const known = new Set(before.map(({ name }) => name));
  return [
    ...before.flatMap((old): Finding[] => {
      const same = next.get(old.name);
      return same === undefined ? [broken(old.name, 'is gone')] : [...argumentFindings(old, same), ...optionFindings(old, same)];
    }),
    ...now.filter(({ name }) => !known.has(name)).map(({ name }) => added(name)),
  ];
}

function argumentFindings({ name, arguments: old }: CommandLine, { arguments: next }: CommandLine): Finding[] {
  const findings = next.flatMap((argument, index): Finding[] => {
    const subject = `${name} <${argument.name}>`;
    const earlier = old[index];
    if (earlier === undefined) return [argument.required ? broken(subject, 'is newly required') : added(subject)];
    if (argument.required && !earlier.required) return [broken(subject, 'is newly required')];
    return earlier.many && !argument.many ? [broken(subject, 'takes one value, and took many')] : [];
  });
  return [...findings, ...old.slice(next.length).map((argument) => broken(`${name} <${argument.name}>`, 'is gone'))];
}

function optionFindings({ name, options: old }: CommandLine, { options: next }: CommandLine): Finding[] {
  return [
    ...old.flatMap((option) => changed(`${name} ${option.name}`, option, next.find((each) => each.name === option.name))),
    ...next.filter((option) => !old.some((each) => each.name === option.name))
      .map((option) => (option.mandatory ? broken(`${name} ${option.name}`, 'is newly required') : added(`${name} ${option.name}`))),
  ];
}

function changed(subject: string, old: CommandOption, next: CommandOption | undefined): Finding[] {
  if (next === undefined) return [broken(subject, 'is gone')];
  const gone = old.choices === undefined ? (next.choices === undefined ? [] : ['any other value']) : old.choices.filter((choice) => next.choices?.includes(choice) === false);
  return [
    ...(next.mandatory && !old.mandatory ? [broken(subject, 'is newly required')] : []),
    ...(old.short !== undefined && old.short !== next.short ? [broken(subject, 'has no short form any more', old.short, next.short)] : []),
    ...(old.value !== next.value && next.value !== 'optional' ? [broken(subject, next.value === 'none' ? 'takes no value any more' : 'needs a value now')] : []),
    ...gone.map((value) => broken(subject, `no longer takes ${value}`)),
    ...(JSON.stringify(old.default) === JSON.stringify(next.default) ? [] : [broken(subject, 'has another default', shown(old.default), shown(next.default))]),
  ];
}

function shown(value: unknown): string | undefined {
  return value === undefined ? undefined : JSON.stringify(value);
}

function broken(subject: string, what: string, was?: string, is?: string): Finding {
  return {
    gate: 'API', subject, what, ...(was === undefined ? {} : { was }), ...(is === undefined ? {} : { is }),
    consequence: 'Scripts, pipelines of continuous integration and people that call it so fail, or get something else.',
    advice: 'Keep what was typed until the next breaking release, hidden from the help where it has a better name; make new inputs optional.', bump: 'major',
  };
}

function added(subject: string): Finding {
  return { gate: 'API', subject, what: 'is new', consequence: 'Scripts may use it from this version on.', advice: 'Nothing to do: the minor version rises.', bump: 'minor' };
}
