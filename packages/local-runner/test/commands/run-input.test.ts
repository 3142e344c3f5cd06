import { requireTold } from '../../src/commands/run';
import type { Machine } from '../../src/stack/machine';

const machine = (path: string, stage?: string, isRoot = stage === undefined): Machine => ({ path, stage, isRoot } as Machine);
const [around, ingest, curate] = [machine('Trips/Pipeline'), machine('Trips/Ingest', 'ingest'), machine('Trips/Curate', 'curate')];

test('an operation of a stage is refused where the machine around it would lose it', () => {
  expect(() => { requireTold([around], [around, ingest, curate], { operation: 'replay', run: 's1' }); }).toThrow(
    '--input: operation replay is asked of one stage, and Trips/Pipeline passes slot, attempt and deadline on and nothing else; add --machine, one of Trips/Ingest, Trips/Curate',
  );
});

test.each([
  ['the stage itself', [ingest], [around, ingest, curate], { operation: 'replay' }],
  ['a stage that nothing starts', [machine('Trips/Ingest', 'ingest', true)], [machine('Trips/Ingest', 'ingest', true)], { operation: 'replay' }],
  ['a plain run', [around], [around, ingest, curate], { slot: 's1' }],
  ['an operation of the load, which is told', [around], [around, ingest, curate], { operation: 'now' }],
  ['a machine that is no pipeline', [around], [around], { operation: 'backfill' }],
])('it goes to %s', (_what, chosen, all, input) => {
  expect(() => { requireTold(chosen, all, input); }).not.toThrow();
});
