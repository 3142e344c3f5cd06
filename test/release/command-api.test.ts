import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { commandApiFindings } from '../../release/gates/command-api';

/** Each export of a package before and after a change, and what is said of it: nothing where programs of users go on working. */
const CHANGES: ReadonlyArray<{ change: string; before: string; now: string; found: string[] }> = [
  // What is taken away or new.
  { change: 'an export is gone', before: 'export const gone = 1;', now: '', found: ['gone is no longer exported (major)'] },
  { change: 'an export is new', before: '', now: 'export const added = 1;', found: ['added is new (minor)'] },
  { change: 'a member is gone', before: 'export interface Lost { a: string; b: number }', now: 'export interface Lost { a: string }', found: ['Lost.b is gone (major)'] },
  { change: 'a member of a member is gone', before: 'export interface Deep { a: { b: { c: string; d: string } } }', now: 'export interface Deep { a: { b: { c: string } } }', found: ['Deep.a.b.d is gone (major)'] },
  { change: 'a member more is given', before: 'export interface More { a: string }', now: 'export interface More { a: string; b: string }', found: [] },
  // What is given.
  { change: 'another type is given', before: 'export declare const other: string;', now: 'export declare const other: number;', found: ['other is of another type (major)'] },
  { change: 'a narrower type is given', before: 'export declare const narrow: string | number;', now: 'export declare const narrow: string;', found: [] },
  { change: 'what is given may be missing', before: 'export interface Missing { a: string }', now: 'export interface Missing { a?: string }', found: ['Missing.a may be missing now (major)'] },
  { change: 'what may be missing has a member less', before: 'export interface Maybe { a?: { b: string; c: string } }', now: 'export interface Maybe { a?: { b: string } }', found: ['Maybe.a.c is gone (major)'] },
  { change: 'a function gives less', before: 'export declare function give(): { a: string; b: string };', now: 'export declare function give(): { a: string };', found: ['give().b is gone (major)'] },
  // What is taken.
  { change: 'a parameter more is required', before: 'export declare function ask(a: string): void;', now: 'export declare function ask(a: string, b: string): void;', found: ['ask asks for more (major)'] },
  { change: 'a parameter more is optional', before: 'export declare function offer(a: string): void;', now: 'export declare function offer(a: string, b?: string): void;', found: [] },
  { change: 'a parameter takes less', before: 'export declare function less(a: string | number): void;', now: 'export declare function less(a: string): void;', found: ['less(a) takes less than before (major)'] },
  { change: 'a parameter takes more', before: 'export declare function wider(a: string): void;', now: 'export declare function wider(a: string | number): void;', found: [] },
  {
    change: 'an option is newly required', before: 'export declare function set(options: { a: string; b?: string }): void;', now: 'export declare function set(options: { a: string; b: string }): void;',
    found: ['set(options).b is newly required (major)'],
  },
  { change: 'an option is new', before: 'export declare function tune(options: { a: string }): void;', now: 'export declare function tune(options: { a: string; b?: string }): void;', found: [] },
  // Classes, which the compiler tells apart by their private members too.
  {
    change: 'a class has another private member', before: 'export declare class Inner { private readonly a; go(): void }', now: 'export declare class Inner { private readonly b; private readonly c; go(): void }', found: [],
  },
  { change: 'a method is gone', before: 'export declare class Stop { go(): void; stop(): void }', now: 'export declare class Stop { go(): void }', found: ['Stop.stop is gone (major)'] },
  { change: 'a class is made from more', before: 'export declare class Make { constructor(a: string) }', now: 'export declare class Make { constructor(a: string, b: string) }', found: ['new Make asks for more (major)'] },
  {
    change: 'a method of a class behind another name is gone', before: 'declare class Behind { go(): void; stop(): void }\nexport declare const Front: typeof Behind;',
    now: 'declare class Behind { go(): void }\nexport declare const Front: typeof Behind;', found: ['new Front().stop is gone (major)'],
  },
  { change: 'a protected method is gone', before: 'export declare class Own { protected a(): void }', now: 'export declare class Own {}', found: [] },
  { change: 'a type that refers to itself', before: 'export interface Tree { up?: Tree; down: Tree[] }', now: 'export interface Tree { up?: Tree; down: Tree[]; name?: string }', found: [] },
];

let folder: string;
let found: string[];
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'headrace-command-api-'));
  // All at once, since the compiler takes longer to start than to compare.
  const files = (['before', 'now'] as const).map((side) => {
    const file = path.join(folder, `${side}.ts`);
    writeFileSync(file, `export {};\n${CHANGES.map((each) => each[side]).join('\n')}\n`);
    return file;
  });
  found = commandApiFindings(files[0]!, files[1]!).map(({ subject, what, bump }) => `${subject} ${what} (${bump})`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each(CHANGES)('$change', ({ before, now, found: expected }) => {
  const [, name = ''] = /export (?:declare )?(?:const|function|class|interface) (\w+)/.exec(`${before}${now}`) ?? [];
  expect(name).not.toBe('');
  // Each once, as a reader would count them.
  expect(found.filter((line) => new RegExp(`^(new )?${name}\\b`).test(line))).toEqual(expected);
});
