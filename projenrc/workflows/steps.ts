import type { JobStep } from 'projen/lib/github/workflows-model';
import { pinned } from '../action-pins';

/** Node of releases: npm of 24 publishes without a token, by the identity of the workflow. */
export const RELEASE_NODE = '24';

export const RUNNER = ['ubuntu-latest'];

/** Without the token in the git configuration, where any later step could read it. */
export function checkout(options: { readonly tags?: boolean } = {}): JobStep {
  return { name: 'Checkout', uses: pinned('actions/checkout'), with: { 'persist-credentials': false, ...(options.tags ? { 'fetch-depth': 0 } : {}) } };
}

/** No cache by default: a cache could bring what another run wrote into a release. */
export function setupNode(version: string, options: { readonly cache?: boolean } = {}): JobStep {
  return { name: 'Node', uses: pinned('actions/setup-node'), with: { 'node-version': version, ...(options.cache ? { cache: 'npm' } : { 'package-manager-cache': false }) } };
}

export function setupJava(name: string): JobStep {
  return { name, uses: pinned('actions/setup-java'), with: { 'distribution': 'temurin', 'java-version': '17' } };
}

export function setupPython(): JobStep {
  return { name: 'Python', uses: pinned('actions/setup-python'), with: { 'python-version': '3.11' } };
}

export function setupDotnet(): JobStep {
  return { name: '.NET', uses: pinned('actions/setup-dotnet'), with: { 'dotnet-version': '8.0.x' } };
}

export function upload(artifact: string, path: string): JobStep {
  return { name: `Keep ${artifact}`, uses: pinned('actions/upload-artifact'), with: { 'name': artifact, path, 'if-no-files-found': 'error', 'retention-days': 30 } };
}

export function download(artifact: string, path: string): JobStep {
  return { name: `Fetch ${artifact}`, uses: pinned('actions/download-artifact'), with: { name: artifact, path } };
}
