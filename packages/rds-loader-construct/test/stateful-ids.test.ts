import { statefulIds } from '@headrace/stage/testing/stateful-ids';
import { newLoad, newStack, templateOf } from './_fixtures/load';

test('an upgrade keeps what holds state, subscriptions and references', () => {
  const stack = newStack();
  newLoad(stack);
  expect(statefulIds(templateOf(stack))).toMatchSnapshot();
});
