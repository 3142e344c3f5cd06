import { needsOf, type ResourceNames } from './permissions';
import type { Protocol, ServiceApi, ServiceOperation } from './service-api';

/** No service here looks up more than it has. */
const NO_NAMES: ResourceNames = { secretArn: (id) => id, machineOfToken: () => undefined };

export interface ServiceDefinition {
  readonly service: string;
  readonly protocol: Protocol;
  readonly namespace?: string;
  readonly names?: Partial<ResourceNames>;
  readonly operations: Readonly<Record<string, ServiceOperation['run']>>;
}

/** Joins the operations of a service with what the table of permissions says of them. */
export function defineService(definition: ServiceDefinition): ServiceApi {
  const names = { ...NO_NAMES, ...definition.names };
  const operations = Object.entries(definition.operations).map(([name, run]) =>
    [name, { run, needs: needsOf(`${definition.service}:${name}`, names) }] as const);
  return {
    service: definition.service,
    protocol: definition.protocol,
    namespace: definition.namespace,
    operations: Object.fromEntries(operations),
  };
}
