import { App } from 'aws-cdk-lib';
import { ShopStack } from './shop-stack';

const app = new App();

new ShopStack(app, 'Shop', { apiUrl: app.node.tryGetContext('apiUrl') ?? 'https://api.example.com' });
