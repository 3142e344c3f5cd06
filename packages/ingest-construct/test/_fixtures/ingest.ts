import * as path from 'node:path';
import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import type { TemplateJson } from '@headrace/stage/testing/machine-definitions';
import { testApp } from '@headrace/stage/testing/test-app';
import { IngestSource, IngestStage, type IngestStageProps } from '../../src';

export const CONTRACT = path.join(__dirname, 'trips.odcs.yaml');

export const SOURCES = {
  trips: IngestSource.http({ url: 'https://data.example.com/trips.csv.gz', minRows: 1 }),
  zones: IngestSource.http({ url: 'https://data.example.com/zones.ndjson' }),
};

export function newStack(): Stack {
  return new Stack(testApp(), 'Stack');
}

export function newIngest(stack: Stack, id = 'Ingest', props: Partial<IngestStageProps> = {}): IngestStage {
  return new IngestStage(stack, id, { contract: CONTRACT, sources: SOURCES, ...props });
}

export function templateOf(stack: Stack): TemplateJson {
  return Template.fromStack(stack).toJSON() as TemplateJson;
}
