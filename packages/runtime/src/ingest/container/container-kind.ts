import { PipelineError } from '../../errors/pipeline-error';
import type { SeriesSession, Shard, SourceKind } from '../source/source-kind';
import { requireDone } from './container-end';
import { containerFiles } from './container-files';
import { parseContainerSource, type ContainerSourceSettings } from './container-settings';
import { FileSeries } from './file-series';
import { shardDocuments, type ShardDocument } from './shard-document';

/**
 * Any image in any language. It has ended when this code begins: both run in one task, and this container waits for that one.
 */
export const containerKind: SourceKind<ContainerSourceSettings, ShardDocument> = {
  // Only the container knows whether anything is new.
  remembers: false,
  decides: (_source, { attempt: _, ...read }) => read,
  parse: parseContainerSource,
  url: () => 'container:',
  plan: async (call) => {
    const shards = shardDocuments(call).map((read): Shard<ShardDocument> => ({ url: shardUrl(read), fileName: 'data', read }));
    const from = call.last?.cursor.to;
    // A container that tells no cursor leaves it where it is.
    return { shards, tasks: 'each', cursor: from === undefined ? {} : { from, to: from } };
  },
  connect: async (_source, { report, signal, filesFolder }): Promise<SeriesSession<ShardDocument>> => {
    if (filesFolder === undefined) {
      throw new PipelineError('CONFIG', 'HEADRACE_OUT is missing; the task definition of a container source sets it for both containers, deploy the stage again');
    }
    await requireDone({ signal, report });
    const files = await containerFiles(filesFolder);
    return {
      series: (shard) => new FileSeries(shard, files),
      close: async () => undefined,
    };
  },
};

/** Equal parameters are the same shard of a later run; the image may change with each deploy and is no part of it. */
function shardUrl({ dataset, parameters }: ShardDocument): string {
  const query = new URLSearchParams(Object.entries(parameters).sort(([one], [other]) => (one < other ? -1 : 1))).toString();
  return `container:${dataset}${query === '' ? '' : `?${query}`}`;
}
