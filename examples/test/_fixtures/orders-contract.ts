/** A contract of a dataset `orders` that is appended to: CSV with `id` and `note`. Tests deploy one version after the other. */
export function ordersContract(version: string, { note = 'logicalType: string', more = [] }: { readonly note?: string; readonly more?: readonly string[] } = {}): string {
  return `
apiVersion: v3.1.0
kind: DataContract
id: orders
name: Orders
version: "${version}"
status: active
schema:
  - name: orders
    customProperties:
      - { property: headraceRecord, value: { format: csv, header: exact } }
      - { property: headraceHistory, value: append }
    properties:
      - { name: id, logicalType: integer, required: true }
${[`{ name: note, ${note} }`, ...more].map((column) => `      - ${column}\n`).join('')}`;
}
