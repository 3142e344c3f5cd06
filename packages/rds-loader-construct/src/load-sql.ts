import type { Duration } from 'aws-cdk-lib';
import type { DatasetView } from './private/stage/contract-file';
import type { Problems } from './private/stage/fail';

/** SQL of your own that runs with the loads of a stage; each text is one statement. */
export interface LoadSqlProps {
  /**
   * Statements that run before the rows of a batch go into their table, by the dataset's name: settings of the session, a role, a procedure.
   * In PostgreSQL they are in the transaction that publishes; in MySQL and MariaDB, where some statements commit, they run before it.
   *
   * @default - none
   */
  readonly beforePublish?: { [dataset: string]: string[] };

  /**
   * Statements that run when the rows of a batch are in their table, by the dataset's name, such as `ANALYZE`. In PostgreSQL they are in the
   * transaction that publishes: rows and what they do become visible together, or neither. In MySQL and MariaDB they run after it, and again
   * where a load dies before they end.
   *
   * @default - none
   */
  readonly afterPublish?: { [dataset: string]: string[] };

  /**
   * Statements that run once, each in a transaction of its own, after a load that has published something, such as
   * `REFRESH MATERIALIZED VIEW`. They run again where a load dies before all of them end.
   *
   * @default - none
   */
  readonly afterLoad?: string[];

  /**
   * How long each statement may take, from a second to six hours.
   *
   * @default Duration.minutes(10)
   */
  readonly timeout?: Duration;
}

/** Never put secrets into statements: they stand in the template. Logs and errors name their places only. */
export class LoadSql {
  /** SQL of your own that runs with loads. */
  static of(props: LoadSqlProps): LoadSql {
    return new LoadSql(props);
  }

  private constructor(private readonly props: LoadSqlProps) {}

  /** @internal */
  _settings(datasets: readonly DatasetView[]): Record<string, unknown> {
    const { beforePublish, afterPublish, afterLoad = [], timeout } = this.props;
    const ofDatasets = Object.entries({ beforePublish, afterPublish }).flatMap(([when, byDataset]) => (
      datasets.flatMap(({ name: dataset }) => (byDataset?.[dataset] ?? []).map((sql) => ({ when, dataset, sql })))));
    return {
      statements: [...ofDatasets, ...afterLoad.map((sql) => ({ when: 'afterLoad', sql }))],
      ...(timeout === undefined ? {} : { statementTimeoutSeconds: timeout.toSeconds() }),
    };
  }

  /** @internal */
  _check(problems: Problems, datasets: readonly DatasetView[], isMysql: boolean): void {
    const { beforePublish, afterPublish, afterLoad = [], timeout } = this.props;
    for (const [when, byDataset] of Object.entries({ beforePublish, afterPublish })) {
      for (const [dataset, texts] of Object.entries(byDataset ?? {})) {
        if (!datasets.some(({ name }) => name === dataset)) problems.add(`sql.${when}.${dataset} has no dataset in the contract; it has ${datasets.map(({ name }) => name).join(', ')}`);
        checkTexts(problems, `sql.${when}.${dataset}`, texts, isMysql);
      }
    }
    checkTexts(problems, 'sql.afterLoad', afterLoad, isMysql);
    const seconds = timeout?.toSeconds({ integral: false }) ?? DEFAULT_SECONDS;
    if (!Number.isInteger(seconds) || seconds < 1 || seconds > MAX_SECONDS) problems.add(`sql.timeout must be whole seconds from 1 to ${MAX_SECONDS}, got ${seconds}; leave it out for ${DEFAULT_SECONDS}`);
  }
}

const DEFAULT_SECONDS = 600;
const MAX_SECONDS = 21_600;
const MAX_CHARACTERS = 4_000;
/** The run time has the same list, and a test compares them. */
const REFUSED = ['BEGIN', 'START', 'COMMIT', 'END', 'ROLLBACK', 'ABORT', 'SAVEPOINT', 'RELEASE', 'PREPARE', 'XA', 'UNLOCK', 'COPY', 'LOAD'];

function checkTexts(problems: Problems, prop: string, texts: readonly string[], isMysql: boolean): void {
  for (const [index, each] of texts.entries()) {
    const text = each.trim();
    const at = `${prop}[${index}]`;
    const first = /^[A-Za-z]+/.exec(text)?.[0].toUpperCase();
    if (text === '') problems.add(`${at} must not be empty; leave it out`);
    else if (text.length > MAX_CHARACTERS) problems.add(`${at} must have at most ${MAX_CHARACTERS} characters, got ${text.length}; put it into a procedure and call that`);
    else if (first === undefined) problems.add(`${at} must begin with the first word of a statement; put comments behind it`);
    else if (REFUSED.includes(first) || (isMysql && first === 'LOCK')) problems.add(`${at} must not begin with ${first}, which would break the transaction of the load; leave it out`);
  }
}
