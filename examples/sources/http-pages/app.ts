import { App } from 'aws-cdk-lib';
import { OrdersStack } from './orders-stack';

const app = new App();

new OrdersStack(app, 'Orders', {
  apiUrl: app.node.tryGetContext('apiUrl') ?? 'https://api.example.com',
  tokenUrl: app.node.tryGetContext('tokenUrl') ?? 'https://login.example.com/token',
});
