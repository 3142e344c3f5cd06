export { type ProcessEnd, type ProcessOptions, type StartedProcess, type StartProcess } from './exec/process';
export { startS3Endpoint, type S3Endpoint, type S3EndpointOptions } from './s3/s3-endpoint';
export { type S3Event } from './s3/s3-call';
export { type S3Fault, type S3RequestInfo, type S3Served } from './s3/s3-service';
export { type AccessDecision, type AccessNeed, type AccessRequest, type Authorize } from './iam/access';
export { evaluate, evaluateTrust, type Evaluation, type EvaluationRequest, type TrustRequest } from './iam/evaluate';
export { AccessDirectory, type AccessQuestion, type PolicyResource } from './iam/access-directory';
export { createAuthorizer, type AuthorizerOptions, type DecidedAccess } from './iam/authorizer';
export { startGateway, type Gateway, type GatewayOptions } from './gateway/start-gateway';
export { ServiceError, type ServiceApi, type ServiceOperation } from './gateway/service-api';
export {
  acceleratedClock, runStateMachine, systemClock, TaskFailure, type Clock, type ExecutionResult, type HistoryEvent,
  type RunStateMachineOptions, type TaskCall, type TaskHandler,
} from './asl';
export { Assembly, runApp, type AssemblyOptions, type Resource } from './assembly';
export { ExecutionAlreadyExists, type ExecutionRecord, type ExecutionStatus, type StateRecord } from './executions/execution-store';
export { queryCurated } from './queries/query-curated';
export { queryUrl, type TargetResult } from './queries/query-target';
export { serveFolder, type SourceServer } from './source/serve-folder';
export { type AwsEvent } from './stack/event-bus';
export { LocalStack, type LocalStackOptions } from './stack/local-stack';
export { type Machine } from './stack/machine';
export { type OnStackEvent, type StackEvent } from './stack/stack-event';
export { StateFolder } from './stack/state-folder';
export { type DatasetSummary, type Hop, type QualityVerdict, type StageSummary } from './summary/dataset-figures';
export { summarizeRun, type RunSummary } from './summary/run-summary';
