import { Duration } from 'aws-cdk-lib';

/** Of each function of the stage. */
export const FUNCTION_TIMEOUT = Duration.minutes(5);
