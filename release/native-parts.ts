import * as path from 'node:path';
import { loadSources } from './load-sources';

/** What stays outside of every bundle, as the build itself says it: an ES module, which these sources cannot import before they run. */
export const { NATIVE_PARTS } = loadSources<{ readonly NATIVE_PARTS: readonly string[] }>(path.join(__dirname, '../scripts/native-parts.mjs'));
