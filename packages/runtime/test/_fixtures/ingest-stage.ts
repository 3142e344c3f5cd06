import { commitIngest } from '../../src/ingest/commit';
import type { IngestPlan, IngestPlanOutput } from '../../src/ingest/documents';
import { planIngest } from '../../src/ingest/plan';
import { HttpSession } from '../../src/ingest/http/http-kind';
import type { HttpSourceSettings } from '../../src/ingest/http/http-settings';
import { HttpPagesSession } from '../../src/ingest/http/pages/http-pages-kind';
import type { HttpPagesSettings } from '../../src/ingest/http/pages/pages-settings';
import { pull, type PullDeps } from '../../src/ingest/pull';
import { parseIngestSettings } from '../../src/ingest/settings';
import { mysqlEngine } from '../../src/ingest/mysql/mysql-engine';
import { postgresEngine } from '../../src/ingest/postgres/postgres-engine';
import { sourceClient } from '../../src/ingest/s3/s3-client';
import { S3Session } from '../../src/ingest/s3/s3-kind';
import type { S3SourceSettings } from '../../src/ingest/s3/s3-settings';
import { SftpSession } from '../../src/ingest/sftp/sftp-kind';
import type { SftpSourceSettings } from '../../src/ingest/sftp/sftp-settings';
import { SqlSession } from '../../src/ingest/sql/sql-session';
import type { SqlSourceSettings } from '../../src/ingest/sql/sql-settings';
import { sourceKind } from '../../src/ingest/source/source-kinds';
import { Report } from '../../src/report/report';
import type { StageOutput } from '../../src/run/stage-io';
import { runStep } from '../../src/run/task';
import { ObjectStore } from '../../src/stores/object-store';
import type { ReadSecret } from '../../src/stores/read-secret';
import { FakeS3 } from '../_fakes/s3-server';

export const BUCKET = 'raw';
export const CONTRACT = { bucket: 'assets', key: 'demo.odcs.yaml' };

/** A contract with the given datasets: two columns each, CSV with a header. */
export function contractText(datasets: readonly string[], record = '{ format: csv, header: exact }'): string {
  const objects = datasets.map((name) => `
  - name: ${name}
    customProperties:
      - property: headraceRecord
        value: ${record}
    properties:
      - { name: id, logicalType: integer, logicalTypeOptions: { format: i64 }, required: true }
      - { name: note, logicalType: string }`).join('');
  return `apiVersion: v3.1.0\nkind: DataContract\nid: demo\nname: Demo\nversion: "1.2.0"\nstatus: active\nschema:${objects}\n`;
}

const NO_WAIT = { sleep: async () => undefined };

/** Connects as the stage does, except that retries do not wait. */
const withoutWaiting: PullDeps['connect'] = async (source, deps) => {
  switch (source.kind) {
    case 'http': return new HttpSession(source as HttpSourceSettings, deps, NO_WAIT);
    case 'httpPages': return new HttpPagesSession(source as HttpPagesSettings, deps, NO_WAIT);
    case 'mysql': return new SqlSession(mysqlEngine, source as SqlSourceSettings, deps, NO_WAIT.sleep);
    case 'postgres': return new SqlSession(postgresEngine, source as SqlSourceSettings, deps, NO_WAIT.sleep);
    case 's3': return new S3Session(source as S3SourceSettings, deps, sourceClient(source as S3SourceSettings), NO_WAIT);
    case 'sftp': return new SftpSession(source as SftpSourceSettings, deps, NO_WAIT);
    default: return sourceKind(source.kind).connect(source, deps);
  }
};

/** The ingest stage in process, step by step as its machine would run it, on an S3 in memory. */
export class IngestStage {
  readonly lines: any[] = [];
  readonly errors: any[] = [];
  /** Secrets by ARN. */
  readonly secrets = new Map<string, string>();
  readonly store: ObjectStore;
  /** vCPU of Fargate that Service Quotas tells. */
  quota: number | undefined;
  /** Answers for Secrets Manager. */
  secret: ReadSecret | undefined;
  readonly report = new Report({ write: (line) => this.lines.push(JSON.parse(line)) });

  private constructor(readonly s3: FakeS3, readonly settings: Record<string, any>, maxAttempts: number) {
    this.store = new ObjectStore(s3.client({ maxAttempts }));
  }

  static async start(sources: Record<string, unknown>, contract = contractText(Object.keys(sources)), maxAttempts = 2): Promise<IngestStage> {
    const s3 = await FakeS3.start();
    s3.put(CONTRACT.bucket, CONTRACT.key, contract);
    return new IngestStage(s3, {
      pipeline: 'demo', rawBucket: BUCKET, workPrefix: 'demo/work/ingest-1a2b3c4d/', contract: CONTRACT, codeVersion: 'v1', sources,
    }, maxAttempts);
  }

  close(): Promise<void> {
    return this.s3.close();
  }

  codes(): string[] {
    return this.lines.map(({ code }) => code);
  }

  plan(slot: string, attempt?: number, more: Record<string, unknown> = {}): Promise<IngestPlanOutput> {
    return planIngest({
      settings: this.settings, input: { slot, attempt, ...more }, store: this.store, report: this.report, secret: this.secret,
      previous: { fargateVcpus: this.quota },
    });
  }

  /** One container; the answer is its exit code. */
  pull(plan: IngestPlanOutput, index: number, signal = new AbortController().signal): Promise<number> {
    return runStep({
      parseSettings: parseIngestSettings,
      steps: {
        pull: {
          run: ({ item, store, report, signal: stop }) => pull(item, {
            store, report, signal: stop, connect: withoutWaiting, secret: this.secret ?? (async (arn) => this.secrets.get(arn) ?? ''),
          }),
          items: ({ items }: IngestPlan) => items,
        },
      },
      store: this.store,
      env: { HEADRACE_SETTINGS: JSON.stringify(this.settings), HEADRACE_TASK: JSON.stringify({ step: 'pull', plan: plan.plan, index }) },
      writeError: (line) => this.errors.push(JSON.parse(line)),
    }, this.report, signal);
  }

  commit(slot: string, attempt?: number, more: Record<string, unknown> = {}): Promise<StageOutput> {
    return commitIngest({ settings: this.settings, input: { slot, attempt, ...more }, store: this.store, report: this.report });
  }

  /** @param more further members of the input */
  async run(slot: string, attempt?: number, more: Record<string, unknown> = {}): Promise<StageOutput> {
    const plan = await this.plan(slot, attempt, more);
    for (let index = 0; index < plan.items.count; index += 1) {
      const exit = await this.pull(plan, index);
      if (exit !== 0) throw new Error(`pull ${index} ended with ${exit}: ${JSON.stringify(this.errors.at(-1))}`);
    }
    return this.commit(slot, attempt, more);
  }

  /** Everything that anybody could read afterwards: all lines, and keys, metadata and bytes of all objects. */
  everythingWritten(): string {
    const objects = [...this.s3.objects].map(([key, object]) => `${key}\n${JSON.stringify(object.headers)}\n${object.body.toString('latin1')}`);
    return [...this.lines, ...this.errors].map((line) => JSON.stringify(line)).concat(objects).join('\n');
  }

  log(dataset: string): any[] {
    return this.s3.keys(BUCKET, `demo/commits/raw/${dataset}/`).map((key) => this.s3.json(BUCKET, key));
  }
}
