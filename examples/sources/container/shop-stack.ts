import * as path from 'node:path';
import { IngestSource, IngestStage } from '@headrace/ingest-construct';
import { aws_ecr_assets as assets, aws_ecs as ecs, aws_secretsmanager as secretsmanager, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

export interface ShopStackProps extends StackProps {
  /** The SQLite file, as the container sees it. */
  readonly database: string;
}

/** Two tables of a database that Headrace has no source for, read by a Python program. */
export class ShopStack extends Stack {
  constructor(scope: Construct, id: string, props: ShopStackProps) {
    super(scope, id, props);
    const login = new secretsmanager.Secret(this, 'Login', { generateSecretString: { secretStringTemplate: '{"user": "reader"}', generateStringKey: 'password' } });
    const extractor = {
      image: ecs.ContainerImage.fromAsset(path.join(__dirname, 'extractor'), { platform: assets.Platform.LINUX_ARM64 }),
      environment: { SHOP_DATABASE: props.database },
      secrets: { SHOP_PASSWORD: ecs.Secret.fromSecretsManager(login, 'password') },
    };
    new IngestStage(this, 'Ingest', {
      contract: path.join(__dirname, 'contracts', 'shop.odcs.yaml'),
      pipelineName: 'shop',
      sources: {
        // What is new since the last commit: the program tells how far it came.
        orders: IngestSource.container({ ...extractor, parameters: { table: 'orders' } }),
        // All of it, each region in a task of its own.
        customers: IngestSource.container({ ...extractor, parameters: { table: 'customers' }, shards: [{ region: 'eu' }, { region: 'us' }], minRows: 1 }),
      },
    });
  }
}
