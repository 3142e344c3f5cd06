/** One permission a request needs: what IAM calls the action, and the resource it is checked against. */
export interface AccessNeed {
  /** For example `s3:GetObject`. */
  readonly action: string;
  /** ARN, or `*` for actions that have no resource. */
  readonly resource: string;
  /** Condition keys known for this request, for example `s3:prefix`; single values are lists of one. */
  readonly context?: Readonly<Record<string, readonly string[]>>;
}

/** A request as an authorizer sees it: who asks, and everything that must be allowed. */
export interface AccessRequest {
  /** Access key id as sent; absent for an unsigned request. */
  readonly accessKeyId?: string;
  /** Service name of the signature's scope, for example `s3`. */
  readonly service: string;
  /** API operation, for example `GetObject`. */
  readonly operation: string;
  /** All of them must be allowed. */
  readonly needs: readonly AccessNeed[];
}

export type AccessDecision =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly code: 'AccessDenied' | 'InvalidAccessKeyId'; readonly message: string };

/** Decides one request. Endpoints without an authorizer let everything pass. */
export type Authorize = (request: AccessRequest) => AccessDecision | Promise<AccessDecision>;
