import type { EndpointSurroundings } from './endpoints';
import { LocalReplicationTasks } from './replication-tasks';
import { LocalServerlessReplications } from './serverless-replications';

/** What a stack has of DMS. */
export class LocalDms {
  readonly tasks: LocalReplicationTasks;
  readonly serverless: LocalServerlessReplications;

  constructor(around: () => EndpointSurroundings) {
    this.tasks = new LocalReplicationTasks(around);
    this.serverless = new LocalServerlessReplications(around);
  }

  /** Stops what runs, when the stack is closed. */
  async close(): Promise<void> {
    await Promise.all([this.tasks.close(), this.serverless.close()]);
  }
}
