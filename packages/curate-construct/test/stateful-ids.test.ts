import { statefulIds } from '@headrace/stage/testing/stateful-ids';
import { newCurate, newStack, templateOf } from './_fixtures/curate';

test('an upgrade keeps what holds state, subscriptions and references', () => {
  const stack = newStack();
  newCurate(stack);
  expect(statefulIds(templateOf(stack))).toMatchSnapshot();
});
