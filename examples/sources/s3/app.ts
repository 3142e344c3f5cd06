import * as path from 'node:path';
import { App } from 'aws-cdk-lib';
import { S3SourceStack } from './s3-source';

const app = new App();

new S3SourceStack(app, 'Trips', { contract: path.join(__dirname, '..', 'trips.odcs.yaml'), bucketName: process.env.PARTNER_BUCKET ?? 'partner-exports' });
