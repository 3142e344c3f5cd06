import { App } from 'aws-cdk-lib';
import { ShopStack } from './shop-stack';

const app = new App();

new ShopStack(app, 'Shop', { database: process.env.SHOP_DATABASE ?? '/data/shop.sqlite' });
