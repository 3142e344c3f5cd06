import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const VENV = join(__dirname, '../../../../.engines/venv/bin/python');

/** The job that the curate construct ships. */
export const SHAPE_JOB_FOLDER = join(__dirname, '../../../curate-construct/python');

/** A Python with PySpark: `HEADRACE_TEST_PYSPARK`, or what scripts/install-engines.sh made; undefined without one or without Java. */
export const pysparkPython = spawnSync('java', ['-version']).status === 0
  ? process.env.HEADRACE_TEST_PYSPARK ?? (existsSync(VENV) ? VENV : undefined)
  : undefined;

/** The same, where Iceberg's jars are there too. */
export const icebergPython = existsSync(join(__dirname, '../../../../.engines/jars')) ? pysparkPython : undefined;
