import { statefulIds } from '@headrace/stage/testing/stateful-ids';
import { newIngest, newStack, templateOf } from './_fixtures/ingest';

test('an upgrade keeps what holds state, subscriptions and references', () => {
  const stack = newStack();
  newIngest(stack);
  expect(statefulIds(templateOf(stack))).toMatchSnapshot();
});
