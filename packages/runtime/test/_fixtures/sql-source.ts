import type { ReadSecret } from '../../src/stores/read-secret';

export const SECRET = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf';

/** A contract with one dataset `trips` whose rows are the newest of their key. */
export function changesContract(properties: readonly string[], { history = 'changes', record = '{ format: csv, header: exact }' } = {}): string {
  return `apiVersion: v3.1.0\nkind: DataContract\nid: demo\nname: Demo\nversion: "1.0.0"\nstatus: active\nschema:
  - name: trips
    customProperties:
      - { property: headraceRecord, value: ${record} }
      - { property: headraceHistory, value: ${history} }
    properties:
${properties.map((line) => `      - ${line}`).join('\n')}\n`;
}

export const ID = '{ name: id, logicalType: integer, logicalTypeOptions: { format: i64 }, primaryKey: true, required: true }';
export const NOTE = '{ name: note, logicalType: string }';
export const AT = '{ name: at, logicalType: timestamp, logicalTypeOptions: { timezone: true } }';

/** A secret as RDS writes it; what it says may change under way. */
export function databaseSecret(members: () => Readonly<Record<string, unknown>>): ReadSecret {
  return async () => JSON.stringify(members());
}
