import * as path from 'node:path';
import type { Assembly, Resource } from '../assembly';
import type { StartProcess } from '../exec/process';
import type { LocalLogs } from '../services/cloudwatch-logs';
import type { Machine } from './machine';
import type { Principals } from './principals';

export interface TaskDefinition {
  readonly arn: string;
  readonly cpu: string;
  readonly memoryMiB: number;
  readonly taskRoleArn?: string;
  readonly executionRoleArn?: string;
  /** In the order of the template. */
  readonly containers: readonly Container[];
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly entryPoint?: readonly string[];
  readonly command?: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly stopTimeoutSeconds?: number;
  readonly essential: boolean;
  readonly memoryMiB?: number;
  readonly dependsOn: ReadonlyArray<{ readonly container: string; readonly condition: string }>;
  readonly mounts: ReadonlyArray<{ readonly volume: string; readonly containerPath: string }>;
  readonly secrets: ReadonlyArray<{ readonly Name: string; readonly ValueFrom: string }>;
  /** Of the driver awslogs. */
  readonly logOptions?: Readonly<Record<string, string>>;
}

export interface LambdaFunction {
  readonly name: string;
  /** Construct path. */
  readonly path: string;
  readonly version: string;
  readonly roleArn: string;
  readonly handler: string;
  readonly codeFolder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly memoryMiB: number;
  readonly timeoutSeconds: number;
}

interface NamedValue { readonly Name: string; readonly Value: unknown }

export interface ContainerCommand {
  readonly file: string;
  readonly args: string[];
  readonly workingDirectory: string;
  readonly environment: Record<string, string>;
}

export interface DeploymentOptions {
  readonly assembly: Assembly;
  readonly machines: readonly Machine[];
  readonly principals: Principals;
  readonly endpoint: string;
  readonly pidFolder: string;
  readonly logs: LocalLogs;
  /** Where native packages of task images are found, since images are not built. */
  readonly nodePath: string;
  /** Environment of children beside what the template gives them, for example the CA of the local database. */
  readonly childEnvironment: Readonly<Record<string, string>>;
  /** How containers and functions become processes. Default: a new one for each. */
  readonly startProcess?: StartProcess;
}

type Properties = Record<string, any>; // eslint-disable-line @typescript-eslint/no-explicit-any

/** The resources of an assembly, as the services that run them look them up. */
export class Deployment {
  public readonly account = '000000000000';
  public readonly region = 'us-east-1';
  public readonly pidFolder: string;
  public readonly startProcess: StartProcess | undefined;

  public constructor(private readonly options: DeploymentOptions) {
    this.pidFolder = options.pidFolder;
    this.startProcess = options.startProcess;
  }

  public get assembly(): Assembly {
    return this.options.assembly;
  }

  public get logs(): LocalLogs {
    return this.options.logs;
  }

  public get machines(): readonly Machine[] {
    return this.options.machines;
  }

  /** By ARN with revision, or by family as the L2 of the CDK writes it. Throws an error that names what is known. */
  public taskDefinition(reference: string): TaskDefinition {
    const definitions = this.assembly.ofType('AWS::ECS::TaskDefinition');
    const found = definitions.find(({ ref, properties }) => ref === reference || properties.Family === reference);
    if (found === undefined) throw unknown('task definition', reference, definitions);
    const properties = found.properties as Properties;
    return {
      arn: found.ref,
      cpu: String(properties.Cpu ?? '256'),
      memoryMiB: Number(properties.Memory ?? (properties.ContainerDefinitions as Properties[])[0]?.Memory),
      taskRoleArn: properties.TaskRoleArn as string | undefined,
      executionRoleArn: properties.ExecutionRoleArn as string | undefined,
      containers: (properties.ContainerDefinitions as Properties[]).map(containerOf),
    };
  }

  /** By the ARN of the function, or of one of its versions or aliases. */
  public lambdaFunction(reference: string): LambdaFunction {
    const functions = this.assembly.ofType('AWS::Lambda::Function');
    const [, arn, version] = /^(arn:[^:]+:lambda:[^:]*:[^:]*:function:[^:]+)(?::(.+))?$/.exec(reference) ?? [];
    const found = functions.find(({ ref, attributes }) => ref === reference || attributes.Arn === (arn ?? reference));
    if (found === undefined) throw unknown('function', reference, functions);
    const properties = found.properties as Properties;
    const codeFolder = this.assembly.lambdaCodeFolder(found);
    return {
      name: found.ref,
      path: found.path.replace(/(\/Resource)+$/, ''),
      version: version ?? '$LATEST',
      roleArn: properties.Role as string,
      handler: properties.Handler as string,
      codeFolder,
      environment: (properties.Environment?.Variables ?? {}) as Record<string, string>,
      memoryMiB: Number(properties.MemorySize ?? 128),
      timeoutSeconds: Number(properties.Timeout ?? 3),
    };
  }

  /** The process that stands for a container: entry point and command of the definition, else of the image's Dockerfile. */
  public containerCommand(container: Container, command?: readonly string[]): ContainerCommand {
    const image = this.assembly.containerImage(container.image);
    const line = [...(container.entryPoint ?? image.entryPoint), ...(command ?? container.command ?? (container.entryPoint ? [] : image.command))];
    const [file, ...args] = line;
    if (file === undefined) throw new Error(`container ${container.name}: neither the task definition nor ${image.dockerfile} has an ENTRYPOINT or CMD`);
    // The image's node may be another one than this process's; the version that runs here is the one that is tested here.
    return { file: file === 'node' ? process.execPath : file, args, workingDirectory: image.folder, environment: { ...image.environment } };
  }

  /** What a child may know: nothing of the developer's own account, the local endpoint, its own role's key. */
  public childEnvironment(roleArn: string | undefined): Record<string, string> {
    const key = this.options.principals.keyOf(roleArn);
    return {
      PATH: process.env.PATH ?? '/usr/bin:/bin',
      HOME: this.pidFolder,
      LANG: 'C.UTF-8',
      TZ: 'UTC',
      NODE_PATH: this.options.nodePath,
      AWS_REGION: this.region,
      AWS_DEFAULT_REGION: this.region,
      AWS_ENDPOINT_URL: this.options.endpoint,
      AWS_ACCESS_KEY_ID: key.accessKeyId,
      AWS_SECRET_ACCESS_KEY: key.secretAccessKey,
      AWS_EC2_METADATA_DISABLED: 'true',
      // The image brings its own Node; which one runs here is this machine's business.
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
      AWS_CONFIG_FILE: path.join(this.pidFolder, 'no-config'),
      AWS_SHARED_CREDENTIALS_FILE: path.join(this.pidFolder, 'no-credentials'),
      ...this.options.childEnvironment,
    };
  }
}

function containerOf(container: Properties): Container {
  const log = container.LogConfiguration as Properties | undefined;
  return {
    name: container.Name as string,
    image: container.Image as string,
    entryPoint: container.EntryPoint as string[] | undefined,
    command: container.Command as string[] | undefined,
    environment: named(container.Environment as NamedValue[] | undefined),
    stopTimeoutSeconds: container.StopTimeout as number | undefined,
    essential: container.Essential !== false,
    memoryMiB: container.Memory as number | undefined,
    dependsOn: ((container.DependsOn ?? []) as Properties[])
      .map(({ ContainerName, Condition }) => ({ container: String(ContainerName), condition: String(Condition) })),
    mounts: ((container.MountPoints ?? []) as Properties[])
      .map(({ SourceVolume, ContainerPath }) => ({ volume: String(SourceVolume), containerPath: String(ContainerPath) })),
    secrets: (container.Secrets ?? []) as Container['secrets'],
    logOptions: log?.LogDriver === 'awslogs' ? log.Options as Record<string, string> : undefined,
  };
}

function named(values: readonly NamedValue[] = []): Record<string, string> {
  return Object.fromEntries(values.map(({ Name, Value }) => [Name, String(Value)]));
}

function unknown(what: string, reference: string, known: readonly Resource[]): Error {
  const names = known.length === 0 ? 'none' : known.map(({ ref }) => ref).join(', ');
  return new Error(`no ${what} ${reference} in the assembly; it has ${names}`);
}
