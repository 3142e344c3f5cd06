import { existsSync } from 'node:fs';
import { join } from 'node:path';

const VENV = join(__dirname, '../../../../.engines/venv/bin/python');

/** A Python with PySpark: `HEADRACE_TEST_PYSPARK`, or what scripts/install-engines.sh made; undefined when there is none. */
export const pysparkPython = process.env.HEADRACE_TEST_PYSPARK ?? (existsSync(VENV) ? VENV : undefined);

/** The job that the curate construct ships. */
export const SHAPE_JOB_FOLDER = join(__dirname, '../../../curate-construct/python');
