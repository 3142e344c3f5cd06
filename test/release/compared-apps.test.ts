import { comparedApps } from '../../release/gates/compared-apps';
import type { Synthesized } from '../../release/synth-fixtures';

const BUILT: Synthesized = { template: {} };
const FAILED: Synthesized = { error: 'LoadEngine.dms is not a function' };

test('an app that is newer than the last release is left out, and the report says so', () => {
  expect(comparedApps(new Map<string, Synthesized>([['plain', BUILT], ['sized', BUILT]]), new Set(['plain']), 'tap@1.0.0')).toBe('compared 2 of 2 apps');
  expect(comparedApps(new Map<string, Synthesized>([['plain', BUILT], ['through DMS', FAILED]]), new Set(['plain']), 'tap@1.0.0'))
    .toBe('compared 1 of 2 apps; tap@1.0.0 does not build through DMS');
});

test('an app that the last release brought must be built by it', () => {
  expect(() => comparedApps(new Map<string, Synthesized>([['plain', BUILT], ['through DMS', FAILED]]), new Set(['plain', 'through DMS']), 'tap@1.0.0'))
    .toThrow('tap@1.0.0 does not build apps of its own tree, so nothing can be said of them: through DMS: LoadEngine.dms is not a function');
});
