/**
 * Condition keys whose absence from a request means something: the request does not have them. Any other key that is
 * not in a request's context is unknown here, and the policy fails closed rather than guessed at: keys of networks
 * (`aws:SourceVpce`), organizations and tags have no counterpart on one machine.
 */
const KNOWN_KEYS = new Set([
  'aws:calledvia', 'aws:calledviafirst', 'aws:calledvialast', 'aws:currenttime', 'aws:epochtime', 'aws:federatedprovider',
  'aws:multifactorauthage', 'aws:multifactorauthpresent', 'aws:principalaccount', 'aws:principalarn', 'aws:principalisawsservice',
  'aws:principalservicename', 'aws:principalservicenameslist', 'aws:principaltype', 'aws:referer', 'aws:requestedregion', 'aws:resourceaccount',
  'aws:securetransport', 'aws:sourceaccount', 'aws:sourcearn', 'aws:sourceidentity', 'aws:sourceip', 'aws:tokenissuetime', 'aws:useragent',
  'aws:userid', 'aws:username', 'aws:viaawsservice',
  's3:prefix', 's3:delimiter', 's3:max-keys', 's3:tlsversion', 's3:authtype', 's3:signatureversion', 's3:signatureage', 's3:if-match', 's3:if-none-match',
  's3:objectcreationoperation', 's3:x-amz-acl', 's3:x-amz-copy-source', 's3:x-amz-metadata-directive', 's3:x-amz-storage-class',
  's3:x-amz-server-side-encryption', 's3:x-amz-server-side-encryption-aws-kms-key-id', 's3:x-amz-content-sha256',
  's3:x-amz-grant-read', 's3:x-amz-grant-write', 's3:x-amz-grant-full-control', 's3:x-amz-grant-read-acp', 's3:x-amz-grant-write-acp',
  's3:versionid', 's3:locationconstraint', 's3:resourceaccount',
  'secretsmanager:secretid', 'secretsmanager:versionid', 'secretsmanager:versionstage', 'secretsmanager:secretprimaryregion',
  'sts:externalid', 'sts:rolesessionname', 'sts:sourceidentity',
  'iam:passedtoservice', 'iam:associatedresourcearn', 'ecs:cluster', 'ecs:task-definition', 'states:statemachinequalifier',
  'lambda:functionarn', 'glue:rolearn',
]);

export function isKnownConditionKey(key: string): boolean {
  return KNOWN_KEYS.has(key.toLowerCase());
}
