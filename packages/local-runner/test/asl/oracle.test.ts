import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as path from 'node:path';
import checkDefinition from 'asl-validator';
import { runStateMachine, TaskFailure } from '../../src/asl';
import { RecordingClock } from '../_fakes/recording-clock';
import { IDENTITY, JSONATA_CASES, MISSING, MISSING_ERROR, ORACLE_CASES, type OracleCase } from './oracle-cases';

/** What an execution came to, without the free text of causes that interpreters word differently. */
interface Ending {
  readonly status: string;
  readonly output?: unknown;
  readonly error?: string | null;
}

const PYTHON = path.join(__dirname, '..', '..', '..', '..', '.engines', 'venv', 'bin', 'python');
const ORACLE = path.join(__dirname, '..', '_fixtures', 'moto_oracle.py');
const CASES = [...ORACLE_CASES, ...JSONATA_CASES];

const theirs = new Map<OracleCase, Ending>();
const whenMoto = hasModule('moto.stepfunctions') ? describe : describe.skip;
const whenJsonata = hasModule('moto.stepfunctions') && hasModule('jsonata') ? describe : describe.skip;

function hasModule(name: string): boolean {
  if (!existsSync(PYTHON)) return false;
  return spawnSync(PYTHON, ['-c', `import importlib.util, sys; sys.exit(importlib.util.find_spec(${JSON.stringify(name)}) is None)`]).status === 0;
}

async function ours({ definition, input }: OracleCase): Promise<Ending> {
  const { status, output, error } = await runStateMachine(definition, {
    input: input ?? {},
    clock: new RecordingClock(),
    handlers: {
      [IDENTITY]: async () => ({ Account: '123456789012' }),
      [MISSING]: async () => { throw new TaskFailure(MISSING_ERROR, 'The specified bucket does not exist'); },
    },
  });
  return { status, output, error };
}

// One process for all: loading moto takes longer than running the table.
function askOracle(): void {
  if (theirs.size > 0) return;
  const { stdout, stderr } = spawnSync(PYTHON, [ORACLE], {
    input: JSON.stringify(CASES.map(({ definition, input }) => [definition, input ?? {}])), encoding: 'utf8', maxBuffer: 64 * 1024 * 1024,
    env: { PATH: process.env.PATH, HOME: process.env.HOME },
  });
  const lines = stdout.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Ending);
  if (lines.length !== CASES.length) throw new Error(`the oracle answered ${lines.length} of ${CASES.length} cases: ${stderr.slice(-2000)}`);
  CASES.forEach((each, i) => theirs.set(each, lines[i] as Ending));
}

async function compare(each: OracleCase): Promise<void> {
  const their = theirs.get(each);
  const expected = { status: their?.status, output: their?.output ?? undefined, error: their?.error ?? undefined };
  const own = await ours(each);
  const actual = { ...own, output: own.output ?? undefined };
  if (each.differs === undefined) expect(actual).toEqual(expected);
  else expect(actual).not.toEqual(expected);
}

whenMoto("moto's interpreter and this one come to the same", () => {
  beforeAll(askOracle, 120_000);
  test.each(ORACLE_CASES.map((each) => [each.title, each] as const))('%s', (_title, each) => compare(each));
});

whenJsonata("moto's interpreter with a JSONata of Python and this one come to the same", () => {
  beforeAll(askOracle, 120_000);
  test.each(JSONATA_CASES.map((each) => [each.title, each] as const))('%s', (_title, each) => compare(each));
});

interface Definition {
  readonly QueryLanguage?: string;
  readonly StartAt: string;
  readonly States: object;
}

/** The checker compiles its schemas for every definition, so it sees all of them as one. */
test.each(['JSONPath', 'JSONata'])('the definitions of the table in %s are valid by an independent checker', (language) => {
  const definitions = CASES.map(({ definition }) => definition as Definition).filter(({ QueryLanguage = 'JSONPath' }) => QueryLanguage === language);
  expect(definitions.length).toBeGreaterThan(10);
  expect(checkDefinition(JSON.parse(JSON.stringify(oneMachine(definitions, language)))).errorsText()).toBe('');
});

test('the independent checker finds what is wrong with one of them', () => {
  const lost = { StartAt: 'a', States: { a: { Type: 'Pass', Next: 'b' } } };
  expect(checkDefinition(oneMachine([CASES[0]!.definition as Definition, lost], 'JSONPath')).errorsText()).toContain('1 b');
});

/** A machine that goes on with one of them. Names of states are those of one machine, so each gets the number of its definition. */
function oneMachine(definitions: readonly Definition[], language: string): Record<string, unknown> {
  const rename = (value: unknown, index: number): unknown => {
    if (Array.isArray(value)) return value.map((each) => rename(each, index));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => {
      if (key === 'States') return [key, Object.fromEntries(Object.entries(each as object).map(([name, state]) => [`${index} ${name}`, rename(state, index)]))];
      return [key, ['StartAt', 'Next', 'Default'].includes(key) && typeof each === 'string' ? `${index} ${each}` : rename(each, index)];
    }));
  };
  const renamed = definitions.map(({ StartAt, States }, index) => rename({ StartAt, States }, index) as Definition);
  const rule = (index: number) => (language === 'JSONata' ? { Condition: `{% $states.input = ${index} %}` } : { Variable: '$', NumericEquals: index });
  const first = { Type: 'Choice', Choices: renamed.map(({ StartAt }, index) => ({ ...rule(index), Next: StartAt })) };
  return { QueryLanguage: language, StartAt: 'first', States: Object.assign({ first }, ...renamed.map(({ States }) => States)) };
}

test('the table is large enough to mean something', () => {
  expect(CASES.length).toBeGreaterThanOrEqual(60);
  expect(new Set(CASES.map(({ title }) => title)).size).toBe(CASES.length);
});
