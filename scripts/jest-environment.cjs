/**
 * jest's set-up before each test file.
 *
 * The CDK's own check of templates, which `cdk synth` still does, takes most of a synthesis. Tests synthesize hundreds of times; cfn-lint
 * and cdk-nag read those templates that are deployed, and the CDK's check reads them once, in reference-templates.
 */
process.env.CDK_VALIDATION = 'false';
