import { readFileSync } from 'node:fs';
import { readCloudAssembly, type FileAsset } from './cloud-assembly';
import { readDockerfile, type ContainerImage } from './dockerfile';
import { NestedStacks } from './nested-stacks';
import type { Resource } from './resource';
import { StackTemplate, type TemplateSurroundings } from './stack-template';

export interface AssemblyOptions {
  /** Attributes that only a running thing can tell, such as the port of a database; keys are `<stack>/<logical id>`. */
  readonly attributes?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Value of a secret's JSON key; the whole secret when the key is empty. */
  readonly secretValue?: (arn: string, jsonKey: string) => string;
  readonly onWarning?: (message: string) => void;
}

/** A synthesized app with every reference resolved to a local name. */
export class Assembly {
  public readonly resources: readonly Resource[];
  public readonly fileAssets: readonly FileAsset[];
  private readonly images: ReadonlyMap<string, { folder: string; dockerfile: string }>;

  public constructor(public readonly folder: string, options: AssemblyOptions = {}) {
    const { stacks, files, images, paths } = readCloudAssembly(folder);
    this.fileAssets = files;
    this.images = new Map(images.map(({ tag, ...image }) => [tag, image]));
    const warned = new Set<string>();
    const exports = new Map<string, () => unknown>();
    const surroundings = (name: string, parameters: Readonly<Record<string, unknown>>): TemplateSurroundings => ({
      parameters,
      nestedOutput: (stack, logicalId, output) => nested.output(stack, logicalId, output),
      importValue: (each) => {
        const value = exports.get(each);
        if (value === undefined) throw new Error(`${name} imports ${each}, which no stack of ${folder} exports`);
        return value();
      },
      dynamicReference: (reference) => dynamicReference(reference, options),
      attributes: (stack, logicalId) => options.attributes?.[`${stack}/${logicalId}`],
      // The manifest lists what is in a nested stack with the stack that it belongs to in the end.
      path: (stack, logicalId) => paths.get(`${stack}/${logicalId}`) ?? paths.get(`${nested.rootOf(stack)}/${logicalId}`) ?? `${stack}/${logicalId}`,
      warn: (message) => {
        if (warned.has(message)) return;
        warned.add(message);
        options.onWarning?.(message);
      },
    });
    const nested = new NestedStacks(files, surroundings);
    const roots = stacks.map(({ name, template }) => new StackTemplate(name, template, surroundings(name, {})));
    const templates = roots.flatMap((template) => [template, ...nested.of(template)]);
    for (const template of templates) template.exports().forEach(([name, value]) => exports.set(name, value));
    this.resources = templates.flatMap((template) => template.resources());
  }

  public ofType(type: string): Resource[] {
    return this.resources.filter((resource) => resource.type === type);
  }

  /** The unpacked code of a function. Throws for code that is not an asset. */
  public lambdaCodeFolder(resource: Resource): string {
    const { S3Bucket, S3Key } = (resource.properties.Code ?? {}) as { S3Bucket?: string; S3Key?: string };
    const asset = this.fileAssets.find(({ bucket, key }) => bucket === S3Bucket && key === S3Key);
    if (asset?.isFolder !== true) throw new Error(`function ${resource.path}: its code must be an asset folder to run locally, got ${JSON.stringify(resource.properties.Code)?.slice(0, 200)}`);
    return asset.path;
  }

  /** The image asset behind an image URI; throws for an image from a registry. */
  public containerImage(uri: string): ContainerImage {
    const found = this.images.get(uri.slice(uri.lastIndexOf(':') + 1));
    if (found === undefined) throw new Error(`container image ${uri} is in a registry, and images are neither pulled nor run here; build it from a folder with ContainerImage.fromAsset, whose Dockerfile tells what starts`);
    return readDockerfile(found.folder, found.dockerfile);
  }

  public readFileAsset(bucket: string, key: string): string {
    const asset = this.fileAssets.find((each) => each.bucket === bucket && each.key === key);
    if (asset === undefined) throw new Error(`s3://${bucket}/${key} is no asset of this assembly`);
    return readFileSync(asset.path, 'utf8');
  }
}

/** `secretsmanager:<arn>:SecretString:<json key>:<stage>:<version>`; the ARN itself holds colons. */
function dynamicReference(reference: string, options: AssemblyOptions): string {
  const [, arn, jsonKey = ''] = /^secretsmanager:(.+?):SecretString:([^:]*)/.exec(reference) ?? [];
  if (arn === undefined) throw new Error(`the dynamic reference {{resolve:${reference}}} is not emulated; known: secretsmanager with SecretString`);
  return options.secretValue?.(arn, jsonKey) ?? `{{resolve:${reference}}}`;
}
