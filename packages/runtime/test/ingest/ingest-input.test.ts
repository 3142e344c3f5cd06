import { parseIngestInput } from '../../src/ingest/ingest-input';

describe('input of the ingest machine', () => {
  test('a slot is enough: it ingests what is new', () => {
    expect(parseIngestInput({ slot: 's1' }, 'demo')).toEqual({ slot: 's1', attempt: 1, operation: 'ingest' });
  });

  test.each([
    { operation: 'backfill', range: { from: '2026-01-01', to: '2026-02-01' } },
    { operation: 'replay', run: 's0', only: ['trips'] },
    { operation: 'ingest', trigger: 'event' },
  ])('%j is read', (members) => {
    expect(parseIngestInput({ slot: 's1', ...members }, 'demo')).toEqual({ slot: 's1', attempt: 1, ...members });
  });

  test.each([
    [{ operation: 'rewind' }, 'operation must be one of ingest, plan, backfill, replay, got "rewind"'],
    [{ operation: 'backfill' }, 'range is missing'],
    [{ range: { from: 'a', to: 'b' } }, 'range belongs to operation backfill'],
    [{ operation: 'backfill', range: { from: 'a' } }, 'range must be an object of two texts'],
    [{ operation: 'replay' }, 'run is missing'],
    [{ operation: 'replay', run: 'S 1' }, 'run must name a run'],
    [{ run: 's0' }, 'run belongs to operation replay'],
    [{ only: [] }, 'only must be a list of datasets'],
    [{ trigger: 'cron' }, 'trigger must be "event", got "cron"'],
    [{ trigger: 'event', only: ['trips'] }, 'trigger belongs to runs of all datasets'],
    [{ slto: 1 }, 'slto is not a known key'],
  ])('refuses %j', (members, problem) => {
    expect(() => parseIngestInput({ slot: 's1', ...members }, 'demo')).toThrow(expect.objectContaining({ code: 'INPUT', message: expect.stringContaining(problem) }));
  });
});
