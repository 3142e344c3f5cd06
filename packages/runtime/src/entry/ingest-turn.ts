import { SFNClient } from '@aws-sdk/client-sfn';
import { takeTurn } from '../ingest/turn/take-turn';
import { functionHandler } from '../run/function-handler';

// One client for all invocations of a warm sandbox.
let client: SFNClient | undefined;

/** The Turn function of the ingest stage. */
export const handler = functionHandler((call) => {
  client ??= new SFNClient({});
  return takeTurn({ ...call, client });
});
