import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as path from 'node:path';
import { IngestSize, IngestSource, IngestStage } from '@headrace/ingest-construct';
import { aws_ecs as ecs, Stack } from 'aws-cdk-lib';
import { GatewayLine } from '../gateway-line';
import type { SoakSource, StartSource } from '../soak-source';
import { fileBatch } from './file-batch';

/** A Python program that gets its files over HTTP, so that it is killed at its own steps too. */
export const startContainerSource: StartSource = async (gate): Promise<SoakSource> => {
  let files: Readonly<Record<string, string>> = {};
  const server = createServer(({ url = '/' }, response) => { response.end(files[url.slice(1)] ?? Object.keys(files).join('\n')); });
  const [line] = await Promise.all([GatewayLine.start(gate), new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); })]);
  line.upstream = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    pipeline: 'trips', dataset: 'trips',
    define: (app) => new IngestStage(new Stack(app, 'Trips'), 'Ingest', {
      contract: path.join(__dirname, '../../../sources/trips.odcs.yaml'),
      sources: {
        trips: IngestSource.container({ image: ecs.ContainerImage.fromAsset(path.join(__dirname, 'files-program')), environment: { FILES_URL: line.url } }),
      },
      size: IngestSize.DEV,
    }),
    restart: () => { files = {}; },
    next: (batch) => { files = fileBatch(batch); },
    expected: () => Object.values(files),
    pieces: (part) => [part.toString('utf8')],
    close: async () => {
      await line.close();
      server.closeAllConnections();
      await new Promise((resolve) => { server.close(resolve); });
    },
  };
};
