/** jest's set-up before each test file. */
const path = require('node:path');

/*
 * The CDK's own check of templates, which `cdk synth` still does, takes most of a synthesis, and tests synthesize hundreds of times. It reads
 * the templates of the examples once, in reference-templates, where cfn-lint and cdk-nag read them too.
 */
process.env.CDK_VALIDATION = 'false';

// Nobody reads where a construct was made, and to find that out takes a tenth of a synthesis.
process.env.CDK_CONTEXT_JSON ??= JSON.stringify({ 'aws:cdk:disable-creation-stack-traces': true });

// Each test has a stack of its own; what V8 made of the same bundle may be shared.
process.env.NODE_COMPILE_CACHE ??= path.join(__dirname, '../.cache/compiled');

// An empty cluster is made once, and copied for each server that a test starts.
process.env.HEADRACE_POSTGRES_TEMPLATES ??= path.join(__dirname, '../.cache/postgres');
