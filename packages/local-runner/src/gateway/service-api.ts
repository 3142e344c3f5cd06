import type { AccessNeed } from '../iam/access';

/** How a service talks: the AWS JSON protocols by header, the query protocol by form and XML. */
export type Protocol = 'json1.0' | 'json1.1' | 'query';

/** A request to a service, decoded. */
export interface ServiceCall {
  /** Name in the signature's scope, for example `states`. */
  readonly service: string;
  readonly operation: string;
  readonly accessKeyId: string;
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the shape of an input is its operation's own
export type ServiceInput = any;

/** An operation: what a caller must be allowed to do, and what happens then. */
export interface ServiceOperation {
  needs(input: ServiceInput, call: ServiceCall): AccessNeed[];
  run(input: ServiceInput, call: ServiceCall): Promise<object | void> | object | void;
}

/** A service of the gateway. */
export interface ServiceApi {
  /** Name in the signature's scope. */
  readonly service: string;
  readonly protocol: Protocol;
  /** Namespace of the XML answers of a query service. */
  readonly namespace?: string;
  /** By the name of the API operation. */
  readonly operations: Readonly<Record<string, ServiceOperation>>;
}

/** An error that a service answers, by its code in the API's model. */
export class ServiceError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly status = 400,
    /** Further members of the error, for example the ARN of what exists already. */
    readonly members: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
    this.name = code;
  }
}

/** Where the local resources are. */
export const LOCAL_ACCOUNT = '000000000000';
export const LOCAL_REGION = 'us-east-1';
