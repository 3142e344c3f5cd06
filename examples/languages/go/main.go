package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsrds"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsstepfunctions"
	"github.com/aws/jsii-runtime-go"
	"github.com/headrace/headrace-go/curateconstruct"
	"github.com/headrace/headrace-go/ingestconstruct"
	"github.com/headrace/headrace-go/rdsloaderconstruct"
)

var contract = jsii.String("contracts/trips.odcs.yaml")

func main() {
	defer jsii.Close()

	app := awscdk.NewApp(nil)
	stack := awscdk.NewStack(app, jsii.String("Trips"), nil)

	vpc := awsec2.NewVpc(stack, jsii.String("Vpc"), &awsec2.VpcProps{MaxAzs: jsii.Number(2), NatGateways: jsii.Number(0)})
	database := awsrds.NewDatabaseInstance(stack, jsii.String("Database"), &awsrds.DatabaseInstanceProps{
		Engine: awsrds.DatabaseInstanceEngine_Postgres(&awsrds.PostgresInstanceEngineProps{
			Version: awsrds.PostgresEngineVersion_VER_17(),
		}),
		Vpc:              vpc,
		VpcSubnets:       &awsec2.SubnetSelection{SubnetType: awsec2.SubnetType_PRIVATE_ISOLATED},
		StorageEncrypted: jsii.Bool(true),
	})

	token := awssecretsmanager.NewSecret(stack, jsii.String("Token"), nil)
	ingest := ingestconstruct.NewIngestStage(stack, jsii.String("Ingest"), &ingestconstruct.IngestStageProps{
		Contract: contract,
		Sources: &map[string]ingestconstruct.IngestSource{
			"trips": ingestconstruct.IngestSource_Http(&ingestconstruct.HttpSourceProps{
				Url:     jsii.String("https://data.example.com/trips.csv.gz"),
				Auth:    ingestconstruct.HttpAuth_Bearer(token, nil),
				Headers: &map[string]*string{"accept": jsii.String("text/csv")},
				MinRows: jsii.Number(1000),
				Timeout: awscdk.Duration_Minutes(jsii.Number(5)),
			}),
			"zones": ingestconstruct.IngestSource_Http(&ingestconstruct.HttpSourceProps{
				Url: jsii.String("https://data.example.com/zones.ndjson"),
			}),
		},
		Size: ingestconstruct.IngestSize_DEV(),
		Schedule: ingestconstruct.IngestSchedule_Cron(&ingestconstruct.IngestCronProps{
			Hour:       jsii.String("3"),
			TimeZone:   jsii.String("Europe/Berlin"),
			LongestGap: awscdk.Duration_Days(jsii.Number(1)),
		}),
		Overlap: ingestconstruct.IngestOverlap_SKIP,
	})

	curate := curateconstruct.NewCurateStage(stack, jsii.String("Curate"), &curateconstruct.CurateStageProps{
		Contract:     contract,
		RawBucket:    ingest.RawBucket(),
		DatabaseName: jsii.String("trips"),
		Engine: curateconstruct.CurateEngine_Auto(&curateconstruct.AutoEngineProps{
			WorkerType: curateconstruct.GlueWorkerType_G_2X(),
			MaxWorkers: jsii.Number(4),
			SparkFrom:  awscdk.Size_Gibibytes(jsii.Number(3)),
		}),
		IcebergTables: curateconstruct.IcebergTables_OnGlue(&curateconstruct.IcebergTablesProps{
			SnapshotRetention: awscdk.Duration_Days(jsii.Number(7)),
		}),
		Size: curateconstruct.CurateSize_Of(&curateconstruct.CurateSizeProps{
			Concurrency:  jsii.Number(3),
			LogRetention: awslogs.RetentionDays_ONE_WEEK,
		}),
	})

	rdsloaderconstruct.NewRdsLoaderStage(stack, jsii.String("Load"), &rdsloaderconstruct.RdsLoaderStageProps{
		Contract:      contract,
		CuratedBucket: curate.CuratedBucket(),
		Target: rdsloaderconstruct.LoadTarget_FromInstance(database, &rdsloaderconstruct.LoadTargetProps{
			Secret:       awssecretsmanager.NewSecret(stack, jsii.String("Loader"), nil),
			DatabaseName: jsii.String("trips"),
		}),
		WriteModes: &map[string]rdsloaderconstruct.WriteMode{
			"trips": rdsloaderconstruct.WriteMode_Merge(&rdsloaderconstruct.MergeProps{NewerBy: jsii.String("updated_at")}),
			"zones": rdsloaderconstruct.WriteMode_Replace(&rdsloaderconstruct.ReplaceProps{AllowEmpty: jsii.Bool(true)}),
		},
		Window: rdsloaderconstruct.LoadWindow_Weekly(&rdsloaderconstruct.WeeklyWindowProps{
			Days:     &[]rdsloaderconstruct.Weekday{rdsloaderconstruct.Weekday_SATURDAY, rdsloaderconstruct.Weekday_SUNDAY},
			From:     jsii.String("22:00"),
			Until:    jsii.String("06:00"),
			TimeZone: jsii.String("Europe/Berlin"),
		}),
	})

	awsstepfunctions.NewStateMachine(stack, jsii.String("Pipeline"), &awsstepfunctions.StateMachineProps{
		DefinitionBody: awsstepfunctions.DefinitionBody_FromChainable(ingest.Next(curate)),
	})

	app.Synth(nil)
}
