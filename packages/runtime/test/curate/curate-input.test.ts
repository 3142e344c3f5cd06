import { parseCurateInput } from '../../src/curate/curate-input';

const parse = (more: object) => parseCurateInput({ slot: 's1', ...more }, 'lake');

test.each([
  [{}, { operation: 'curate' }],
  [{ schemaVersion: 1, pipeline: 'lake', datasets: {} }, { operation: 'curate' }],
  [{ operation: 'rerun', run: 's0', only: ['trips'], rejected: true }, { operation: 'rerun', run: 's0', only: ['trips'], rejected: true }],
  [{ operation: 'compact', only: ['trips'] }, { operation: 'compact', only: ['trips'] }],
  [{ operation: 'vacuum', only: ['trips'] }, { operation: 'vacuum', only: ['trips'] }],
])('reads %j', (input, expected) => {
  expect(parse(input)).toEqual({ slot: 's1', attempt: 1, ...expected });
});

test.each([
  [{ operation: 'replay' }, /operation must be one of curate, rerun, compact, vacuum, got "replay"/],
  [{ operation: 'rerun', run: 'S 0' }, /run must name a run, like s20260101t000000z, got "S 0"/],
  [{ operation: 'rerun', rejected: 'yes' }, /rejected must be true or false, got "yes"/],
  [{ operation: 'rerun', only: [] }, /only must be a list of datasets, got \[\]/],
  [{ operation: 'compact', run: 's0' }, /run belongs to operation rerun; leave it out/],
  [{ operation: 'vacuum', rejected: true }, /rejected belongs to operation rerun; leave it out/],
  [{ rejected: false }, /rejected belongs to operation rerun; leave it out/],
  [{ only: ['trips'] }, /only belongs to operations rerun, compact and vacuum; leave it out/],
  [{ range: {} }, /range is not a known key/],
])('fails for %j', (input, message) => {
  expect(() => parse(input)).toThrow(expect.objectContaining({ code: 'INPUT', message: expect.stringMatching(message) as string }) as Error);
});
