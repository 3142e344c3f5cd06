import { mysqlProblems, mysqlStagingDdl, mysqlTargetDdl, quoteMysqlName, quoteMysqlText, requireContract, type Dataset } from '../../src/contract';

function dataset(...properties: readonly string[]): Dataset {
  const text = `apiVersion: v3.1.0\nkind: DataContract\nid: demo\nname: Demo\nversion: "1.0.0"\nstatus: active\nschema:
  - name: trips
    customProperties: [{ property: headraceRecord, value: { format: csv, header: exact } }, { property: headraceHistory, value: changes }]
    properties:
${properties.map((line) => `      - { ${line} }`).join('\n')}\n`;
  return requireContract(text, 'demo').datasets[0]!;
}

const ID = 'name: id, logicalType: string, logicalTypeOptions: { maxLength: 20 }, primaryKey: true, required: true';

test('tables have the key, its length and the collation of the server; staging tables only columns', () => {
  const trips = dataset(ID, 'name: note, logicalType: string', 'name: at, logicalType: timestamp, logicalTypeOptions: { timezone: true }, required: true');
  const columns = '  `id` varchar(20) NOT NULL,\n  `note` longtext NULL,\n  `at` datetime(6) NOT NULL,\n  PRIMARY KEY (`id`)';
  const rest = 'ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE';
  expect(mysqlTargetDdl(trips, { schema: 'a`b', table: 't' }, 'mysql')).toEqual([`CREATE TABLE IF NOT EXISTS \`a\`\`b\`.\`t\` (\n${columns}\n) ${rest} utf8mb4_0900_bin`]);
  expect(mysqlStagingDdl(trips, { schema: 's', table: 't' }, 'mariadb', "it's \\ mine")).toEqual([
    `CREATE TABLE IF NOT EXISTS \`s\`.\`t\` (\n  \`id\` varchar(20) NULL,\n  \`note\` longtext NULL,\n  \`at\` datetime(6) NULL\n) ${rest} utf8mb4_nopad_bin COMMENT='it''s \\\\ mine'`,
  ]);
  expect(() => quoteMysqlName('')).toThrow(TypeError);
  expect(() => quoteMysqlText('\0')).toThrow(TypeError);
});

test.each<[string, readonly string[], RegExp]>([
  ['a key without a length', ['name: id, logicalType: string, primaryKey: true, required: true'], /key column id of dataset trips is a text without a length.* at most 768/],
  ['a key that is too long', [ID, 'name: at, logicalType: string, physicalType: "varchar(760)", primaryKey: true, required: true'], /\(id, at\) takes up to 3124 bytes, and MySQL indexes 3072/],
  ['a scale that is too large', [ID, 'name: x, logicalType: number, physicalType: "decimal(38,31)"'], /column x .* has 31 digits after the point, and MySQL holds 30; declare decimal\(38,30\)/],
  ['rows that are too long', [ID, ...['a', 'b'].map((name) => `name: ${name}, logicalType: string, physicalType: "varchar(9000)"`)], /take up to 72086 bytes, and MySQL holds 65535/],
])('%s is refused with its cure', (_, properties, message) => {
  expect(mysqlProblems(dataset(...properties)).join('; ')).toMatch(message);
});

test('what fits is not refused: a uuid or a number as the key, long texts beside it', () => {
  expect(mysqlProblems(dataset('name: id, logicalType: string, logicalTypeOptions: { format: uuid }, primaryKey: true, required: true', 'name: note, logicalType: string', 'name: x, logicalType: number, physicalType: "decimal(38,30)"'))).toEqual([]);
});
