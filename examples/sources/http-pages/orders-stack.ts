import * as path from 'node:path';
import { HttpAuth, HttpPaging, IngestSource, IngestStage } from '@headrace/ingest-construct';
import { aws_secretsmanager as secretsmanager, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

export interface OrdersStackProps extends StackProps {
  /** Where the API is, without a slash at the end. */
  readonly apiUrl: string;

  /** Where its tokens come from. */
  readonly tokenUrl: string;
}

/** Orders from an API that answers in pages and wants a token of OAuth 2.0. */
export class OrdersStack extends Stack {
  readonly ingest: IngestStage;

  constructor(scope: Construct, id: string, props: OrdersStackProps) {
    super(scope, id, props);
    const client = new secretsmanager.Secret(this, 'Client', {
      generateSecretString: { secretStringTemplate: '{"client_id": "headrace"}', generateStringKey: 'client_secret', excludePunctuation: true },
    });
    this.ingest = new IngestStage(this, 'Ingest', {
      contract: path.join(__dirname, 'contracts', 'orders.odcs.yaml'),
      pipelineName: 'orders',
      sources: {
        orders: IngestSource.httpPages({
          url: `${props.apiUrl}/v1/orders`,
          paging: HttpPaging.linkHeader(),
          auth: HttpAuth.oauth2({ tokenUrl: props.tokenUrl, secret: client, scope: 'orders.read' }),
          requestsPerMinute: 6_000,
          timeout: Duration.minutes(10),
          minRows: 1,
        }),
      },
    });
  }
}
