import {
  DescribeExecutionCommand, ListExecutionsCommand, SendTaskFailureCommand, SendTaskHeartbeatCommand, SendTaskSuccessCommand, SFNClient,
  StartExecutionCommand, StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { ServiceError } from '../../src/gateway/service-api';
import { stepFunctionsApi, type ExecutionDescription, type ExecutionPort } from '../../src/services/step-functions-api';
import { role, startGatewayFixture, type GatewayFixture } from '../_fixtures/gateway-fixture';
import { failure } from '../_fixtures/s3-fixture';

const MACHINE = 'arn:aws:states:us-east-1:000000000000:stateMachine:Ingest';
const execution = (name: string) => `${MACHINE.replace('stateMachine', 'execution')}:${name}`;

/** Keeps what it is told; nothing runs. */
class RecordedExecutions implements ExecutionPort {
  readonly executions = new Map<string, ExecutionDescription>();
  readonly tokens: unknown[] = [];

  async start({ stateMachineArn, name = 'generated', input }: { stateMachineArn: string; name?: string; input: string }) {
    const executionArn = execution(name);
    if (this.executions.has(executionArn)) throw new ServiceError('ExecutionAlreadyExists', `Execution Already Exists: '${executionArn}'`);
    const startDate = new Date(Date.UTC(2026, 0, 1, 0, 0, this.executions.size, 500));
    this.executions.set(executionArn, { executionArn, stateMachineArn, name, status: 'RUNNING', startDate, input });
    return { executionArn, startDate };
  }

  async describe(executionArn: string) {
    const found = this.executions.get(executionArn);
    if (!found) throw new ServiceError('ExecutionDoesNotExist', `Execution Does Not Exist: '${executionArn}'`);
    return found;
  }

  async stop(executionArn: string, reason: { error?: string; cause?: string }) {
    const stopDate = new Date();
    this.executions.set(executionArn, { ...await this.describe(executionArn), status: 'ABORTED', stopDate, ...reason });
    return { stopDate };
  }

  async list(stateMachineArn: string) {
    return [...this.executions.values()].filter((each) => each.stateMachineArn === stateMachineArn).reverse();
  }

  async sendTaskSuccess(token: string, output: string) { this.tokens.push([token, JSON.parse(output)]); }
  async sendTaskFailure(token: string, reason: object) { this.tokens.push([token, reason]); }
  async sendTaskHeartbeat(token: string) {
    if (token === 'late') throw new ServiceError('TaskTimedOut', "Task Timed Out: 'Provided task does not exist anymore'");
    this.tokens.push([token]);
  }

  machineOfToken(token: string) { return token === 'stranger' ? undefined : MACHINE; }
}

let fixture: GatewayFixture;
let port: RecordedExecutions;
let client: SFNClient;
let reader: SFNClient;
beforeEach(async () => {
  port = new RecordedExecutions();
  fixture = await startGatewayFixture([
    role('Starter', [
      { Effect: 'Allow', Action: ['states:StartExecution', 'states:ListExecutions', 'states:SendTask*'], Resource: MACHINE },
      { Effect: 'Allow', Action: ['states:DescribeExecution', 'states:StopExecution'], Resource: execution('*') },
    ]),
    role('Reader', [{ Effect: 'Allow', Action: 'states:DescribeExecution', Resource: '*' }]),
  ], () => [stepFunctionsApi(port)]);
  client = new SFNClient(fixture.as('Starter'));
  reader = new SFNClient(fixture.as('Reader'));
});
afterEach(async () => {
  client.destroy();
  reader.destroy();
  await fixture.close();
});

const start = (name?: string, input?: string) => client.send(new StartExecutionCommand({ stateMachineArn: MACHINE, name, input }));

test('an execution is started, described, stopped and listed', async () => {
  const started = await start('s1-a1', '{"slot":"s1"}');
  expect(started).toMatchObject({ executionArn: execution('s1-a1'), startDate: new Date('2026-01-01T00:00:00.500Z') });
  await start();
  expect(await client.send(new DescribeExecutionCommand({ executionArn: started.executionArn }))).toMatchObject({ status: 'RUNNING', input: '{"slot":"s1"}', name: 's1-a1', stateMachineArn: MACHINE });
  const stopped = await client.send(new StopExecutionCommand({ executionArn: started.executionArn, error: 'E', cause: 'C' }));
  expect(stopped.stopDate).toEqual(expect.any(Date));
  const list = async (more: object) => {
    const { executions } = await client.send(new ListExecutionsCommand({ stateMachineArn: MACHINE, ...more }));
    return executions!.map(({ name }) => name);
  };
  expect(await list({})).toEqual(['generated', 's1-a1']);
  expect(await list({ statusFilter: 'ABORTED' })).toEqual(['s1-a1']);
  const page = await client.send(new ListExecutionsCommand({ stateMachineArn: MACHINE, maxResults: 1 }));
  expect(await list({ nextToken: page.nextToken })).toEqual(['s1-a1']);
});

test('tasks that wait are answered by their token', async () => {
  await client.send(new SendTaskSuccessCommand({ taskToken: 't1', output: '{"ok":true}' }));
  await client.send(new SendTaskFailureCommand({ taskToken: 't2', error: 'E', cause: 'C' }));
  await client.send(new SendTaskHeartbeatCommand({ taskToken: 't3' }));
  expect(port.tokens).toEqual([['t1', { ok: true }], ['t2', { error: 'E', cause: 'C' }], ['t3']]);
  expect(await failure(client.send(new SendTaskHeartbeatCommand({ taskToken: 'late' })))).toMatchObject({ name: 'TaskTimedOut', status: 400 });
  expect(await failure(client.send(new SendTaskHeartbeatCommand({ taskToken: 'stranger' })))).toMatchObject({ name: 'AccessDeniedException' });
});

test.each<[string, () => Promise<unknown>, string]>([
  ['a name that is taken', async () => [await start('same'), await start('same')], 'ExecutionAlreadyExists'],
  ['an execution that is not there', () => client.send(new DescribeExecutionCommand({ executionArn: execution('none') })), 'ExecutionDoesNotExist'],
  ['an input that is not JSON', () => start('x', '{'), 'InvalidExecutionInput'],
  ['a name with a character that is refused', () => start('a b'), 'InvalidName'],
  ['a name over 80 characters', () => start('n'.repeat(81)), 'InvalidName'],
  ['an output that is not JSON', () => client.send(new SendTaskSuccessCommand({ taskToken: 't', output: 'x' })), 'InvalidOutput'],
  ['a role that may not start', () => reader.send(new StartExecutionCommand({ stateMachineArn: MACHINE })), 'AccessDeniedException'],
])('fails by the code of the API for %s', async (_, call, name) => {
  expect(await failure(call())).toMatchObject({ name, status: 400 });
});
