import { HttpApi } from '../../_fakes/http-api';
import { contractText, IngestStage } from '../../_fixtures/ingest-stage';

const PAGE = '<!DOCTYPE html>\n<html><head><title>Sign in</title></head></html>\n';

describe('a web page in place of records', () => {
  let api: HttpApi;
  let stage: IngestStage;

  async function answer(body: string, record: string, source: object = {}): Promise<void> {
    api = await HttpApi.start(() => ({ body }));
    stage = await IngestStage.start({ trips: { kind: 'http', url: `${api.origin}/trips`, ...source } }, contractText(['trips'], record));
  }

  afterEach(async () => {
    await stage.close();
    await api.close();
  });

  test.each<[string, string, string, object]>([
    ['csv', PAGE, '{ format: csv, header: exact }', {}],
    ['ndjson', '\uFEFF \n<html lang="en">', '{ format: ndjson }', {}],
    ['csv, behind a declaration and a comment', '<?xml version="1.0"?><!-- x --><!doctype HTML>', '{ format: csv, header: exact }', {}],
    ['pages of ndjson', PAGE, '{ format: ndjson }', { kind: 'httpPages', paging: { by: 'linkHeader' } }],
  ])('is refused where the contract says %s, and is no commit', async (_, body, record, source) => {
    await answer(body, record, source);
    await expect(stage.run('s1')).rejects.toThrow(/SOURCE_WEB_PAGE.*\/trips answered 200 with a web page instead of records.*give auth/);
    expect(stage.log('trips')).toEqual([]);
  });

  test.each([
    ['is no mistake where any text may land', PAGE, '{ format: text }'],
    ['is told by its beginning alone', 'id,note\n1,<html>\n', '{ format: csv, header: exact }'],
  ])('%s', async (_, body, record) => {
    await answer(body, record);
    expect((await stage.run('s1')).datasets.trips).toMatchObject({ outcome: 'committed' });
  });
});
