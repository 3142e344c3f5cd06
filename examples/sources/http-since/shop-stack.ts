import * as path from 'node:path';
import { CurateStage } from '@headrace/curate-construct';
import { HttpPaging, HttpSince, HttpSinceOrder, IngestSource, IngestStage } from '@headrace/ingest-construct';
import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

export interface ShopStackProps extends StackProps {
  /** Where the API is, without a slash at the end. */
  readonly apiUrl: string;
}

/** An API of which each run reads what is new: orders by the time of their last change, events by their number. */
export class ShopStack extends Stack {
  readonly ingest: IngestStage;
  readonly curate: CurateStage;

  constructor(scope: Construct, id: string, props: ShopStackProps) {
    super(scope, id, props);
    const contract = path.join(__dirname, 'contracts', 'shop.odcs.yaml');
    const pipelineName = 'shop';
    this.ingest = new IngestStage(this, 'Ingest', {
      contract,
      pipelineName,
      sources: {
        orders: IngestSource.httpPages({
          url: `${props.apiUrl}/v1/orders`,
          paging: HttpPaging.linkHeader(),
          since: HttpSince.time({ parameter: 'updated_since', untilParameter: 'updated_until', lag: Duration.minutes(30) }),
        }),
        events: IngestSource.httpPages({
          url: `${props.apiUrl}/v1/events`,
          paging: HttpPaging.offset({ parameter: 'offset' }),
          since: HttpSince.value({ parameter: 'since_id', valueAt: '/event_id', order: HttpSinceOrder.NUMBER, lagValues: 2 }),
        }),
      },
    });
    this.curate = new CurateStage(this, 'Curate', { contract, pipelineName, rawBucket: this.ingest.rawBucket, databaseName: 'shop' });
  }
}
