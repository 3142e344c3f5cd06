import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What is known of one container of a task that runs. */
export interface ContainerStatus {
  readonly Name: string;
  KnownStatus: 'PENDING' | 'RUNNING' | 'STOPPED';
  ExitCode?: number;
  readonly LogDriver?: string;
  readonly LogOptions?: Readonly<Record<string, string>>;
}

export interface TaskMetadata {
  readonly Cluster?: string;
  readonly TaskARN: string;
  /** Of the whole task: vCPU, and MiB. */
  readonly Limits: { readonly CPU: number; readonly Memory: number };
  readonly Containers: readonly ContainerStatus[];
}

/** The metadata endpoint of ECS, version 4, as far as containers ask for each other's end and for the size of their task: `<uri>/task`. */
export class TaskMetadataEndpoint {
  static async start(metadata: TaskMetadata): Promise<TaskMetadataEndpoint> {
    const server = createServer((request, response) => {
      const found = request.url === '/v4/task' ? metadata : undefined;
      response.writeHead(found === undefined ? 404 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(found ?? { message: `headrace serves /task of this endpoint, not ${request.url}` }));
    });
    await new Promise<void>((resolve, reject) => { server.once('error', reject).listen(0, '127.0.0.1', resolve); });
    const { port } = server.address() as AddressInfo;
    return new TaskMetadataEndpoint(`http://127.0.0.1:${port}/v4`, async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => { server.close(() => resolve()); });
    });
  }

  private constructor(readonly uri: string, readonly close: () => Promise<void>) {}
}
