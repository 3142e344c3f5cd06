/**
 * jest's global set-up of a construct package: tests must see the stage sources and the runtime as they are now.
 *
 * While somebody edits the runtime it may not compile; the tests then go on with the bundle of before, and say so.
 * In continuous integration that is an error.
 */
import { prepareConstruct } from './prepare-construct.mjs';

export default async function prepare(_globalConfig, projectConfig) {
  try {
    await prepareConstruct(projectConfig.rootDir);
  } catch (error) {
    if (process.env.CI) throw error;
    console.warn(`${projectConfig.rootDir}: tests run with older bundles, since bundling failed: ${error.message}`);
  }
}
