import { existsSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import type { Template } from './resource';

/** A stack as the manifest lists it. */
export interface StackArtifact {
  readonly name: string;
  readonly template: Template;
  readonly folder: string;
}

export interface FileAsset {
  readonly bucket: string;
  readonly key: string;
  /** Local file or folder. */
  readonly path: string;
  /** Whether a deployment would zip the folder. */
  readonly isFolder: boolean;
}

export interface ImageAsset {
  readonly tag: string;
  readonly folder: string;
  readonly dockerfile: string;
}

export interface CloudAssembly {
  readonly stacks: readonly StackArtifact[];
  readonly files: readonly FileAsset[];
  readonly images: readonly ImageAsset[];
  /** Construct paths of `AWS::CloudFormation` logical ids, by `<stack>/<logical id>`. */
  readonly paths: ReadonlyMap<string, string>;
}

type Metadata = Record<string, Array<{ type: string; data: unknown }>>;

interface Manifest {
  readonly artifacts?: Record<string, {
    type: string;
    properties?: { templateFile?: string; file?: string; stackName?: string; directoryName?: string };
    metadata?: Metadata;
    additionalMetadataFile?: string;
  }>;
}

interface AssetManifest {
  readonly files?: Record<string, {
    source: { path?: string; packaging?: string };
    destinations: Record<string, { bucketName: string; objectKey: string }>;
  }>;
  readonly dockerImages?: Record<string, { source: { directory?: string; dockerFile?: string }; destinations: Record<string, { imageTag: string }> }>;
}

/**
 * Reads a folder that `cdk synth` wrote, nested stages included. It never refuses a schema version: what it reads has
 * not changed since version 1 of the cloud assembly.
 */
export function readCloudAssembly(folder: string): CloudAssembly {
  const file = path.join(folder, 'manifest.json');
  if (!existsSync(file)) throw new Error(`${folder} is no cloud assembly: it has no manifest.json; run cdk synth, or give the app with --app`);
  const stacks: StackArtifact[] = [];
  const files: FileAsset[] = [];
  const images: ImageAsset[] = [];
  const paths = new Map<string, string>();
  for (const [id, artifact] of Object.entries((readJson(file) as Manifest).artifacts ?? {})) {
    const properties = artifact.properties ?? {};
    if (artifact.type === 'aws:cloudformation:stack') {
      const name = properties.stackName ?? id;
      stacks.push({ name, folder, template: readJson(path.join(folder, properties.templateFile ?? '')) as Template });
      readMetadataPaths(name, artifact.metadata ?? {}, paths);
      // Newer versions put the metadata into a file of its own.
      if (artifact.additionalMetadataFile) readMetadataPaths(name, readJson(path.join(folder, artifact.additionalMetadataFile)) as Metadata, paths);
    } else if (artifact.type === 'cdk:asset-manifest') {
      readAssets(folder, readJson(path.join(folder, properties.file ?? '')) as AssetManifest, files, images);
    } else if (artifact.type === 'cdk:cloud-assembly') {
      const nested = readCloudAssembly(path.join(folder, properties.directoryName ?? ''));
      stacks.push(...nested.stacks);
      files.push(...nested.files);
      images.push(...nested.images);
      nested.paths.forEach((value, key) => paths.set(key, value));
    }
  }
  return { stacks, files, images, paths };
}

/** The manifest names the construct of every logical id, whether or not the CLI ran the app. */
function readMetadataPaths(stack: string, metadata: Metadata, paths: Map<string, string>): void {
  for (const [constructPath, entries] of Object.entries(metadata)) {
    for (const { type, data } of entries) {
      if (type === 'aws:cdk:logicalId') paths.set(`${stack}/${String(data)}`, constructPath.replace(/^\//, ''));
    }
  }
}

function readAssets(folder: string, manifest: AssetManifest, files: FileAsset[], images: ImageAsset[]): void {
  for (const { source, destinations } of Object.values(manifest.files ?? {})) {
    if (source.path === undefined) continue;
    for (const { bucketName, objectKey } of Object.values(destinations)) {
      files.push({ bucket: localNames(bucketName), key: objectKey, path: path.resolve(folder, source.path), isFolder: source.packaging === 'zip' });
    }
  }
  for (const { source, destinations } of Object.values(manifest.dockerImages ?? {})) {
    if (source.directory === undefined) continue;
    for (const { imageTag } of Object.values(destinations)) {
      const directory = path.resolve(folder, source.directory);
      images.push({ tag: imageTag, folder: directory, dockerfile: path.join(directory, source.dockerFile ?? 'Dockerfile') });
    }
  }
}

/** Destinations hold placeholders of their own, beside CloudFormation's. */
function localNames(text: string): string {
  return text.replace(/\$\{AWS::AccountId\}/g, '000000000000').replace(/\$\{AWS::Region\}/g, 'us-east-1').replace(/\$\{AWS::Partition\}/g, 'aws');
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}
