import { JsonFile, TextFile, type Project } from 'projen';
import { NODE_IMAGE, V } from './versions';

export interface TaskImageOptions {
  /** Whether the bundle leaves the native code of DuckDB outside, which is installed with the image. */
  readonly native: boolean;
  /** Whether the task talks to databases on Amazon RDS, whose certificates no system trusts by itself. */
  readonly rdsCertificates?: boolean;
}

/** Where the load stage tells the task to find them. */
const RDS_CERTIFICATES = 'https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem';

/**
 * `task-image/`: what turns the bundled task into an image; `scripts/bundle.mjs` copies it beside the bundle.
 *
 * The lock file in it is made by `npm run lock-images`, since projen does not resolve versions.
 */
export function addTaskImage(project: Project, options: TaskImageOptions): void {
  const dockerfile = new TextFile(project, 'task-image/Dockerfile', { marker: true });
  dockerfile.addLine(`# ${dockerfile.marker}`);
  dockerfile.addLine('# The tag is exact; the first release replaces it by a digest (docs/adr/0003-image-base.md).');
  dockerfile.addLine(`FROM ${NODE_IMAGE}`);
  dockerfile.addLine('ENV NODE_ENV=production');
  dockerfile.addLine('WORKDIR /app');
  if (options.native) {
    dockerfile.addLine('COPY package.json package-lock.json ./');
    dockerfile.addLine('RUN npm ci --omit=dev --ignore-scripts && npm cache clean --force');
  }
  if (options.rdsCertificates === true) {
    dockerfile.addLine(`ADD --chmod=644 ${RDS_CERTIFICATES} rds-ca.pem`);
    // The image's own affair: an image of somebody else, or a machine without an image, has its certificates elsewhere.
    dockerfile.addLine('ENV NODE_EXTRA_CA_CERTS=/app/rds-ca.pem');
  }
  dockerfile.addLine('COPY index.js ./');
  // The root file system is read-only, and Fargate gives a volume the owner and mode of the image's folder only if it is named here.
  dockerfile.addLine('VOLUME ["/tmp"]');
  dockerfile.addLine('USER node');
  dockerfile.addLine('ENTRYPOINT ["node", "index.js"]');
  dockerfile.addLine('');

  if (!options.native) return;
  new JsonFile(project, 'task-image/package.json', {
    obj: {
      name: 'headrace-task',
      version: '0.0.0',
      private: true,
      description: 'Native parts of the task image; everything else is inside index.js.',
      dependencies: { '@duckdb/node-bindings': V.duckdb },
    },
  });
}
