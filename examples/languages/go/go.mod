module example.com/trips

go 1.25

require (
	github.com/aws/aws-cdk-go/awscdk/v2 v2.258.0
	github.com/aws/constructs-go/constructs/v10 v10.8.1
	github.com/aws/jsii-runtime-go v1.140.0
	github.com/headrace/headrace-go/curateconstruct v0.0.0
	github.com/headrace/headrace-go/ingestconstruct v0.0.0
	github.com/headrace/headrace-go/rdsloaderconstruct v0.0.0
)
