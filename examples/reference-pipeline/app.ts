import { App } from 'aws-cdk-lib';
import { ReferencePipeline } from './reference-pipeline';

const app = new App();

// Context for a deployment, the environment for a run on one machine, whose source listens on a port that is known late.
const sourceUrl: string = app.node.tryGetContext('sourceUrl') ?? process.env.HEADRACE_SOURCE_URL ?? 'http://127.0.0.1:8080';

new ReferencePipeline(app, 'Flights', { sourceUrl });
