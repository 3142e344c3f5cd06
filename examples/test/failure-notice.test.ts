import { mkdtempSync, rmSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { IngestSource, IngestStage } from '@headrace/ingest-construct';
import { Assembly, runStateMachine, TaskFailure } from '@headrace/local-runner';
import { App, Stack } from 'aws-cdk-lib';

// Quotes, a backslash, a line end and what is not ASCII: what a message may hold that names a value of the user's.
const MESSAGE = 'state input: slot must be a name, got "Q3 \\ Über"\nleave it out';

async function noticeOf(definition: string, cause: string): Promise<string> {
  const notices: string[] = [];
  const { status, error } = await runStateMachine(definition, {
    input: { slot: 'today' },
    handlers: {
      'lambda:invoke': async () => { throw new TaskFailure('Headrace.INPUT', cause); },
      'sns:publish': async ({ arguments: input }) => ({ MessageId: String(notices.push((input as { Message: string }).Message)) }),
    },
  });
  expect([status, error, notices.length]).toEqual(['FAILED', 'Headrace.Notified', 1]);
  return notices[0]!;
}

describe('the notice of a function that failed', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'headrace-notice-'));
  let definition: string;

  beforeAll(() => {
    const app = new App({ outdir: folder, analyticsReporting: false });
    new IngestStage(new Stack(app, 'Trips'), 'Ingest', {
      contract: path.join(__dirname, '..', 'sources', 'trips.odcs.yaml'), sources: { trips: IngestSource.http({ url: 'https://data.example.com/trips.csv' }) },
    });
    app.synth();
    definition = new Assembly(folder).ofType('AWS::StepFunctions::StateMachine')[0]!.properties.DefinitionString as string;
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('quotes its message whole', async () => {
    const cause = JSON.stringify({ errorType: 'Headrace.INPUT', errorMessage: MESSAGE, trace: ['"errorMessage": "another"'] });
    expect(await noticeOf(definition, cause)).toContain(`state Turn, Headrace.INPUT\n  ${MESSAGE}\n`);
  });

  test('quotes the cause where it is no document of a function', async () => {
    expect(await noticeOf(definition, 'the function "x" was throttled')).toContain('state Turn, Headrace.INPUT\n  the function "x" was throttled\n');
    expect(await noticeOf(definition, '{"errorMessage":"cut in the mid')).toContain('\n  {"errorMessage":"cut in the mid\n');
  });
});
