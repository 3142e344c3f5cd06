import { TaskFailure, type TaskHandler } from '@headrace/local-runner';
import type { SimulatedClock } from './simulated-clock';

/** What one simulated task does in the world outside, and how long it takes in the simulation. */
export type SimulatedTask = (environment: Readonly<Record<string, string>>) => Promise<{ readonly seconds: number }>;

/** Tokens for launches: at most so many at once … */
const LAUNCH_BURST = 100;
/** … and so many more each second (AWS Fargate throttling quotas). */
const LAUNCHES_PER_SECOND = 20;
/** From RunTask to the first instruction. */
const START_SECONDS = 45;

interface RunTask {
  readonly Overrides: {
    readonly Cpu: string;
    readonly ContainerOverrides: ReadonlyArray<{ readonly Environment: ReadonlyArray<{ readonly Name: string; readonly Value: string }> }>;
  };
}

/** Fargate as far as its limits go: launches by a token bucket, vCPU by a quota; whoever asks for more is refused as Step Functions tells it. */
export class SimulatedFargate {
  launched = 0;
  throttled = 0;
  overQuota = 0;
  mostAtOnce = 0;
  private running = 0;
  private vcpus = 0;
  private tokens = LAUNCH_BURST;
  private filledAt: number;

  constructor(private readonly clock: SimulatedClock, private readonly quotaVcpus: number, private readonly task: SimulatedTask) {
    this.filledAt = clock.now().getTime();
  }

  readonly runTask: TaskHandler = async ({ arguments: input, signal }) => {
    const { Overrides } = input as unknown as RunTask;
    const vcpus = Number(Overrides.Cpu) / 1_024;
    this.takeToken();
    if (this.vcpus + vcpus > this.quotaVcpus) {
      this.overQuota += 1;
      throw new TaskFailure('AmazonECS.Unknown', "You've reached the limit on the number of vCPUs you can run concurrently");
    }
    this.launched += 1;
    this.running += 1;
    this.vcpus += vcpus;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.running);
    try {
      const variables = Overrides.ContainerOverrides.flatMap(({ Environment }) => Environment);
      const environment = Object.fromEntries(variables.map(({ Name, Value }) => [Name, Value]));
      const { seconds } = await this.clock.outside(() => this.task(environment));
      await this.clock.sleep((START_SECONDS + seconds) * 1_000, signal);
      return {};
    } finally {
      this.running -= 1;
      this.vcpus -= vcpus;
    }
  };

  private takeToken(): void {
    const now = this.clock.now().getTime();
    this.tokens = Math.min(LAUNCH_BURST, this.tokens + ((now - this.filledAt) / 1_000) * LAUNCHES_PER_SECOND);
    this.filledAt = now;
    if (this.tokens < 1) {
      this.throttled += 1;
      throw new TaskFailure('ECS.AmazonECSException', 'Rate exceeded (Service: AmazonECS; Status Code: 400; Error Code: ThrottlingException)');
    }
    this.tokens -= 1;
  }
}
