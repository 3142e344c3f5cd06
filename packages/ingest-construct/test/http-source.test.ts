import * as path from 'node:path';
import { comparable, documentedDefaults } from '@headrace/stage/testing/documented-defaults';
import { Duration } from 'aws-cdk-lib';
import { IngestSource } from '../src';

test('a source has the defaults that its documentation promises', () => {
  const { timeoutSeconds, retries, minRows } = IngestSource.http({ url: 'https://example.com' })
    ._bind({ prop: 'sources.trips', problems: { add: () => undefined } as any }).settings;

  expect({ timeout: comparable(Duration.seconds(timeoutSeconds as number)), retries, minRows })
    .toEqual(documentedDefaults(path.join(__dirname, '../src/http-source.ts')));
});
