import * as path from 'node:path';
import { CurateStage } from '@headrace/curate-construct';
import { HttpPaging, IngestSource, IngestStage } from '@headrace/ingest-construct';
import { Stack, type StackProps } from 'aws-cdk-lib';
import { DefinitionBody, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';

export interface CatalogStackProps extends StackProps {
  /** Where the API is, without a slash at the end. */
  readonly apiUrl: string;
}

/** An API that speaks JSON: products in pages, each an envelope around its records, and stores as one array. */
export class CatalogStack extends Stack {
  readonly pipeline: StateMachine;

  constructor(scope: Construct, id: string, props: CatalogStackProps) {
    super(scope, id, props);
    const contract = path.join(__dirname, 'contracts', 'catalog.odcs.yaml');
    const pipelineName = 'catalog';
    const ingest = new IngestStage(this, 'Ingest', {
      contract,
      pipelineName,
      sources: {
        products: IngestSource.httpPages({
          url: `${props.apiUrl}/v1/products`,
          paging: HttpPaging.cursor({ cursorAt: '/meta/next', parameter: 'after' }),
          recordsAt: '/data/items',
        }),
        stores: IngestSource.http({ url: `${props.apiUrl}/v1/stores.json` }),
      },
    });
    const curate = new CurateStage(this, 'Curate', { contract, pipelineName, rawBucket: ingest.rawBucket, databaseName: 'catalog' });
    this.pipeline = new StateMachine(this, 'Pipeline', { definitionBody: DefinitionBody.fromChainable(ingest.next(curate)) });
  }
}
