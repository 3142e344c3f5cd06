import type { PolicyDocument } from './policy-document';

function allow(actions: readonly string[], resources: string | readonly string[] = '*'): PolicyDocument {
  return { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: actions, Resource: resources }] };
}

const LAMBDA_LOGS = ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'];
const XRAY = [
  'xray:PutTraceSegments', 'xray:PutTelemetryRecords', 'xray:GetSamplingRules', 'xray:GetSamplingTargets', 'xray:GetSamplingStatisticSummaries',
];

/** What the policies managed by AWS that constructs attach allow, as far as data pipelines need them. */
const DOCUMENTS: Readonly<Record<string, PolicyDocument>> = {
  'service-role/AWSLambdaBasicExecutionRole': allow(LAMBDA_LOGS),
  'service-role/AWSLambdaVPCAccessExecutionRole': allow([
    ...LAMBDA_LOGS, 'ec2:CreateNetworkInterface', 'ec2:DescribeNetworkInterfaces', 'ec2:DescribeSubnets', 'ec2:DeleteNetworkInterface',
    'ec2:AssignPrivateIpAddresses', 'ec2:UnassignPrivateIpAddresses',
  ]),
  'service-role/AmazonECSTaskExecutionRolePolicy': allow([
    'ecr:GetAuthorizationToken', 'ecr:BatchCheckLayerAvailability', 'ecr:GetDownloadUrlForLayer', 'ecr:BatchGetImage',
    'logs:CreateLogStream', 'logs:PutLogEvents',
  ]),
  'service-role/AmazonDMSVPCManagementRole': allow([
    'ec2:CreateNetworkInterface', 'ec2:DeleteNetworkInterface', 'ec2:DescribeAvailabilityZones', 'ec2:DescribeDhcpOptions',
    'ec2:DescribeInternetGateways', 'ec2:DescribeNetworkInterfaces', 'ec2:DescribeSecurityGroups', 'ec2:DescribeSubnets',
    'ec2:DescribeVpcs', 'ec2:ModifyNetworkInterfaceAttribute',
  ]),
  'AWSXRayDaemonWriteAccess': allow(XRAY),
  'service-role/AWSGlueServiceRole': {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: [
          'glue:*', 's3:GetBucketLocation', 's3:ListBucket', 's3:ListAllMyBuckets', 's3:GetBucketAcl', 'ec2:DescribeVpcEndpoints',
          'ec2:DescribeRouteTables', 'ec2:CreateNetworkInterface', 'ec2:DeleteNetworkInterface', 'ec2:DescribeNetworkInterfaces',
          'ec2:DescribeSecurityGroups', 'ec2:DescribeSubnets', 'ec2:DescribeVpcAttribute', 'iam:ListRolePolicies', 'iam:GetRole',
          'iam:GetRolePolicy', 'cloudwatch:PutMetricData',
        ],
        Resource: '*',
      },
      { Effect: 'Allow', Action: 's3:CreateBucket', Resource: 'arn:aws:s3:::aws-glue-*' },
      {
        Effect: 'Allow',
        Action: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'],
        Resource: ['arn:aws:s3:::aws-glue-*/*', 'arn:aws:s3:::*/*aws-glue-*/*'],
      },
      { Effect: 'Allow', Action: 's3:GetObject', Resource: ['arn:aws:s3:::crawler-public*', 'arn:aws:s3:::aws-glue-*'] },
      { Effect: 'Allow', Action: LAMBDA_LOGS, Resource: 'arn:aws:logs:*:*:*:/aws-glue/*' },
    ],
  },
};

/** Document of a policy managed by AWS, by its ARN in any partition; `undefined` when it is not in the table. */
export function managedPolicy(arn: string): PolicyDocument | undefined {
  const match = /^arn:[^:]+:iam::aws:policy\/(.+)$/.exec(arn);
  return match ? DOCUMENTS[match[1]!] : undefined;
}

/** ARNs of the table, in the standard partition. */
export function managedPolicyArns(): string[] {
  return Object.keys(DOCUMENTS).map((name) => `arn:aws:iam::aws:policy/${name}`);
}
