import { queryProblem } from '../../../src/ingest/sql/query-text';

describe('text of a query', () => {
  test.each([
    ['SELECT 1'], ['  with a AS (SELECT 1) SELECT * FROM a\n'], ["SELECT ';--' AS a, 'it''s' AS b, \";\" FROM t WHERE c = '/*'"], ['SELECT (1 - -1)'],
    ["SELECT E'\\';' AS a, 'x\\' AS b"], ['VALUES (1), (2)'], ['SELECT a::jsonb #>> \'{b}\' FROM t'],
  ])('%s is taken', (text) => {
    expect(queryProblem(text, 'postgres')).toBeUndefined();
  });

  test.each([
    ['SELECT 1;', 'without ;'], ['SELECT 1 -- x', 'no comments'], ['SELECT /* x */ 1', 'no comments'], ['SELECT 1) TO STDOUT; DROP TABLE t', 'that it has not opened'],
    ['SELECT 1 FROM (SELECT 2', 'that it does not close'], ["SELECT 'x", 'does not end'], ['SELECT $$;$$', 'not with $$'], ['SELECT $a$;$a$', 'not with $$'], ['DELETE FROM t', 'must begin with SELECT'],
    ['COPY t TO STDOUT', 'must begin with'], ['', 'must begin with'], ["SELECT E'\\'", 'does not end'], ["SELECT nameE'\\'; DROP TABLE t'", 'without ;'], ['SELECT 1\0', 'U+0000'],
  ])('%s is refused', (text, problem) => {
    expect(queryProblem(text, 'postgres')).toContain(problem);
  });

  test('MySQL has its own comments and quotes', () => {
    expect(queryProblem('SELECT 1 # x', 'mysql')).toContain('no comments');
    expect(queryProblem('SELECT `a;``#` FROM t', 'mysql')).toBeUndefined();
    // Sessions take a backslash for itself, so the quote behind it ends the text.
    expect(queryProblem("SELECT 'a\\'; DROP TABLE t", 'mysql')).toContain('without ;');
  });
});
