import { isWider, isWiderInPlace } from '../../../src/load/target/wider-type';

test.each([
  ['varchar(5)', 'varchar(6)', true, true], ['character varying(5)', 'text', true, true], ['varchar(5)', 'varchar(5)', false, false], ['text', 'varchar(9)', false, false],
  ['numeric(8,2)', 'decimal(12,2)', true, true], ['decimal(8,2)', 'decimal(12,4)', true, false], ['decimal(8,2)', 'decimal(9,4)', false, false], ['decimal(8,2)', 'decimal(12,1)', false, false],
  ['smallint', 'bigint', true, false], ['int(11)', 'bigint(20)', true, false], ['int(10) unsigned', 'bigint', false, false], ['bigint', 'int', false, false],
  ['real', 'double precision', true, false], ['integer', 'text', false, false], ['date', 'timestamp', false, false],
])('from %s to %s is wider: %p, and in place: %p', (from, to, wider, inPlace) => {
  expect([isWider(from, to), isWiderInPlace(from, to)]).toEqual([wider, inPlace]);
});
