import { existsSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import { Annotations, type aws_iam as iam, aws_s3_assets as assets } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { assetPath } from './asset-path';
import { fail } from './fail';
import { allow } from './permission';
import { IDENTIFIER } from './pipeline-name';

/** The little of a parsed contract that constructs look at; the bundle knows the rest. */
export interface ContractView {
  readonly name: string;
  readonly version: string;
  readonly datasets: readonly DatasetView[];
  readonly ignored: readonly string[];
}

export interface DatasetView {
  readonly name: string;
  readonly table: string;
  readonly record: { readonly format: string; readonly recordsAt?: string; readonly fields?: unknown };
  readonly history: 'append' | 'snapshot' | 'changes';
  /** As they are stored. */
  readonly columns: ReadonlyArray<{ readonly name: string; readonly type: { readonly kind: string }; readonly mask?: { readonly method: string } }>;
  readonly primaryKey: readonly string[];
  readonly partitionColumns: readonly string[];
  readonly quality: readonly QualityView[];
}

export interface QualityView {
  readonly id: string;
  readonly metric: string;
  readonly severity: 'info' | 'warning' | 'error';
}

interface ContractBundle {
  requireContract(text: string, file: string): ContractView;
}

/** The contract parser and the derivations, as one file without dependencies that the package carries. */
export function contractBundle<T = ContractBundle>(): T {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return require(assetPath(path.join('contract', 'index.js'))) as T;
}

/** The data contract of a stage: read and checked at synthesis, and uploaded for the run time. */
export class ContractFile extends Construct {
  readonly contract: ContractView;
  private readonly asset: assets.Asset;

  constructor(scope: Construct, id: string, file: string) {
    super(scope, id);
    if (!existsSync(file)) {
      fail(scope, 'CONTRACT_FILE', `contract must be the path of an ODCS file, got ${JSON.stringify(file)}, which does not exist`);
    }
    this.contract = readContract(scope, file);
    if (this.contract.ignored.length > 0) {
      Annotations.of(scope).addInfo(`contract ${file}: read and without effect: ${this.contract.ignored.join(', ')}`);
    }
    this.asset = new assets.Asset(this, 'Asset', { path: file });
  }

  /** Where the run time finds the file. */
  get location(): { bucket: string; key: string } {
    return { bucket: this.asset.s3BucketName, key: this.asset.s3ObjectKey };
  }

  /** The given name, or one made of the contract's: lower case, with `_` for all that an identifier cannot hold. */
  pipelineName(given: string | undefined): string {
    const name = given ?? this.contract.name.toLowerCase().replace(/[^a-z0-9]+/g, '_').replace(/^_+|_+$/g, '');
    if (IDENTIFIER.test(name)) return name;
    return fail(
      this.node.scope!, 'PIPELINE_NAME',
      `pipelineName must be 1 to 63 lower case letters, digits and _, beginning with a letter, got ${JSON.stringify(name)}`
      + (given === undefined ? ` from the contract's name ${JSON.stringify(this.contract.name)}; set pipelineName` : ''),
    );
  }

  /**
   * Lets a role read the contract in every version.
   *
   * The key is a content hash, and a policy changes in place: executions in flight still read the contract that they
   * started with. Hence all files of this kind in the bucket of the app's assets.
   */
  grantRead(role: iam.IRole): void {
    allow(role, {
      actions: ['s3:GetObject'],
      resources: [this.asset.bucket.arnForObjects(`*${path.extname(this.asset.assetPath)}`)],
      wildcardReason: 'every version of the contract: its key is a content hash, and executions in flight read older ones',
    });
    this.asset.bucket.encryptionKey?.grantDecrypt(role);
  }
}

/** As text, with every problem in it: an error of the bundle would be shown with a line of the bundle, and by its fields once more. */
function readContract(scope: Construct, file: string): ContractView {
  try {
    return contractBundle().requireContract(readFileSync(file, 'utf8'), path.relative(process.cwd(), file));
  } catch (error) {
    if ((error as Error).name !== 'ContractError') throw error;
    return fail(scope, 'CONTRACT', `the contract cannot be used:\n${(error as Error).message}`);
  }
}
