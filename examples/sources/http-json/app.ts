import { App } from 'aws-cdk-lib';
import { CatalogStack } from './catalog-stack';

const app = new App();

new CatalogStack(app, 'Catalog', { apiUrl: app.node.tryGetContext('apiUrl') ?? 'https://api.example.com' });
