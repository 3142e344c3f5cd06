import { CurateEngine } from '@headrace/curate-construct';
import { App } from 'aws-cdk-lib';
import { ReferencePipeline } from './reference-pipeline';

const app = new App();

// Context for a deployment, the environment for a run on one machine, whose source listens on a port that is known late.
const sourceUrl: string = app.node.tryGetContext('sourceUrl') ?? process.env.HEADRACE_SOURCE_URL ?? 'http://127.0.0.1:8080';

// `spark` or `embedded`; both give the same rows.
const engine: string = app.node.tryGetContext('engine') ?? process.env.HEADRACE_ENGINE ?? 'embedded';
if (engine !== 'spark' && engine !== 'embedded') throw new Error(`engine must be spark or embedded, got ${JSON.stringify(engine)}; leave it out for embedded`);

new ReferencePipeline(app, 'Flights', { sourceUrl, engine: engine === 'spark' ? CurateEngine.glueSpark() : CurateEngine.embedded() });
