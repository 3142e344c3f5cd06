import { LoadSql, WriteMode } from '../src';
import { newLoad, newStack, templateOf } from './_fixtures/load';

type Order = <T>(map: { [name: string]: T }) => { [name: string]: T };

/** Every map that the props of the stage have. */
function synthesize(order: Order): string {
  const stack = newStack();
  newLoad(stack, 'Load', {
    writeModes: order({ trips: WriteMode.merge(), zones: WriteMode.replace() }),
    sql: LoadSql.of({
      beforePublish: order({ trips: ["SET LOCAL work_mem = '64MB'"], zones: ["SET LOCAL work_mem = '8MB'"] }),
      afterPublish: order({ trips: ['ANALYZE public.trips'], zones: ['ANALYZE public.zones'] }),
    }),
  });
  return JSON.stringify(templateOf(stack), undefined, 1);
}

test('the template does not depend on the order of a map', () => {
  expect(synthesize((map) => Object.fromEntries(Object.entries(map).reverse()))).toBe(synthesize((map) => map));
});
