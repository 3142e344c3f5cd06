export { startS3Endpoint, type S3Endpoint, type S3EndpointOptions } from './s3/s3-endpoint';
export { type S3Event } from './s3/s3-call';
export { type S3Fault, type S3RequestInfo, type S3Served } from './s3/s3-service';
export { type AccessDecision, type AccessNeed, type AccessRequest, type Authorize } from './iam/access';
export { evaluate, evaluateTrust, type Evaluation, type EvaluationRequest, type TrustRequest } from './iam/evaluate';
export { AccessDirectory, type AccessQuestion, type PolicyResource } from './iam/access-directory';
export { createAuthorizer, type AuthorizerOptions, type DecidedAccess } from './iam/authorizer';
export { startGateway, type Gateway, type GatewayOptions } from './gateway/start-gateway';
export { ServiceError, type ServiceApi, type ServiceOperation } from './gateway/service-api';
