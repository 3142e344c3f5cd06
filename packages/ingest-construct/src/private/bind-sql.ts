import { type aws_ec2 as ec2, Duration, Size, Token } from 'aws-cdk-lib';
import { CursorNulls } from '../cursor-nulls';
import type { MysqlSourceProps } from '../mysql-source';
import type { PostgresSourceProps } from '../postgres-source';
import type { SqlSourceProps } from '../sql-source-props';
import { checkWhole, commonSettings, type BoundSource, type SourceBinding } from './source-binding';
import { sourceRules } from './source-rules';

/** Engine families as CDK calls them, by our name of the engine. */
const FAMILIES = { postgres: ['POSTGRESQL', 'POSTGRES'], mysql: ['MYSQL', 'MARIADB'] };

export function bindSql(kind: keyof typeof FAMILIES, props: PostgresSourceProps | MysqlSourceProps, binding: SourceBinding): BoundSource {
  const { database, table, schema, query, lockTimeout } = props;
  const { prop, problems } = binding;
  database._check(FAMILIES[kind], binding);
  if ((table === undefined) === (query === undefined)) problems.add(`${prop} must have table or query, and not both`);
  const wrong = query === undefined || Token.isUnresolved(query) ? undefined : sourceRules().queryProblem(query, kind);
  if (wrong !== undefined) problems.add(`${prop}.query ${wrong}, got ${JSON.stringify(query)}`);
  if (table?.includes('.') === true && !Token.isUnresolved(table)) problems.add(`${prop}.table is one name, and ${JSON.stringify(table)} holds a dot; give what stands before it as schema`);
  if (schema !== undefined && query !== undefined) problems.add(`${prop}.schema has no meaning for a query; name the schema in the query`);
  checkWhole(problems, `${prop}.lockTimeout in seconds`, lockTimeout?.toSeconds(), 1, 3_600);
  const secret = database._secret;
  return {
    settings: {
      kind, ...database._settings(), table, schema, query, shard: shardSettings(props, binding), cursor: cursorSettings(props, binding),
      lockTimeoutSeconds: (lockTimeout ?? Duration.seconds(60)).toSeconds(), ...commonSettings(props, binding),
    },
    plansInTask: true,
    ...(secret === undefined ? {} : { secrets: [secret] }),
    open: (tasks: ec2.IConnectable) => database._open(tasks),
  };
}

function shardSettings(
  { shardBy, shards, shardSize, sharedSnapshot }: SqlSourceProps, { prop, problems }: SourceBinding,
): Record<string, unknown> | undefined {
  if (shardBy === undefined) {
    for (const [name, value] of Object.entries({ shards, shardSize, sharedSnapshot })) {
      if (value !== undefined) problems.add(`${prop}.${name} has no meaning without shardBy; name the key, or leave it out`);
    }
    return undefined;
  }
  const bytes = (shardSize ?? Size.gibibytes(1)).toBytes();
  checkWhole(problems, `${prop}.shards`, shards, 1, 1_000);
  checkWhole(problems, `${prop}.shardSize in bytes`, bytes, 1024 ** 2, 1024 ** 4);
  if (shards !== undefined && shardSize !== undefined) problems.add(`${prop}.shards and shardSize exclude each other; leave one out`);
  return { by: shardBy, count: shards, bytes, sharedSnapshot: sharedSnapshot ?? true };
}

function cursorSettings(
  { cursorColumn, lag, lagValues, cursorNulls }: SqlSourceProps, { prop, problems, dataset }: SourceBinding,
): Record<string, unknown> | undefined {
  if (cursorColumn === undefined) {
    for (const [name, value] of Object.entries({ lag, lagValues, cursorNulls })) {
      if (value !== undefined) problems.add(`${prop}.${name} has no meaning without cursorColumn; name the column, or leave it out`);
    }
    return undefined;
  }
  checkWhole(problems, `${prop}.lag in seconds`, lag?.toSeconds(), 0, 366 * 86_400);
  checkWhole(problems, `${prop}.lagValues`, lagValues, 0, Number.MAX_SAFE_INTEGER);
  if (lag !== undefined && lagValues !== undefined) problems.add(`${prop}.lag and lagValues exclude each other: a cursor is either a time or a number`);
  if (dataset !== undefined && dataset.history !== 'changes') {
    problems.add(`${prop}.cursorColumn needs headraceHistory: changes and a primary key in the contract, since rows at the boundary are read again; `
      + `the dataset has history ${dataset.history}`);
  }
  return { column: cursorColumn, lagSeconds: lag?.toSeconds(), lagValues, nulls: cursorNulls ?? CursorNulls.FAIL };
}
