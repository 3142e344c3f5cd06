from aws_cdk import (
    App,
    Duration,
    Size,
    Stack,
    aws_ec2 as ec2,
    aws_logs as logs,
    aws_rds as rds,
    aws_secretsmanager as secretsmanager,
    aws_stepfunctions as sfn,
)
from headrace_curate import CurateEngine, CurateSize, CurateStage, GlueWorkerType, IcebergTables
from headrace_ingest import HttpAuth, IngestOverlap, IngestSchedule, IngestSize, IngestSource, IngestStage
from headrace_rds_loader import LoadTarget, LoadWindow, RdsLoaderStage, Weekday, WriteMode

CONTRACT = "contracts/trips.odcs.yaml"

app = App()
stack = Stack(app, "Trips")

vpc = ec2.Vpc(stack, "Vpc", max_azs=2, nat_gateways=0)
database = rds.DatabaseInstance(
    stack,
    "Database",
    engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_17),
    vpc=vpc,
    vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
    storage_encrypted=True,
)

token = secretsmanager.Secret(stack, "Token")
ingest = IngestStage(
    stack,
    "Ingest",
    contract=CONTRACT,
    sources={
        "trips": IngestSource.http(
            url="https://data.example.com/trips.csv.gz",
            auth=HttpAuth.bearer(token),
            headers={"accept": "text/csv"},
            min_rows=1000,
            timeout=Duration.minutes(5),
        ),
        "zones": IngestSource.http(url="https://data.example.com/zones.ndjson"),
    },
    size=IngestSize.DEV,
    schedule=IngestSchedule.cron(hour="3", time_zone="Europe/Berlin", longest_gap=Duration.days(1)),
    overlap=IngestOverlap.SKIP,
)

curate = CurateStage(
    stack,
    "Curate",
    contract=CONTRACT,
    raw_bucket=ingest.raw_bucket,
    database_name="trips",
    engine=CurateEngine.auto(worker_type=GlueWorkerType.G_2_X, max_workers=4, spark_from=Size.gibibytes(3)),
    iceberg_tables=IcebergTables.on_glue(snapshot_retention=Duration.days(7)),
    size=CurateSize.of(concurrency=3, log_retention=logs.RetentionDays.ONE_WEEK),
)

RdsLoaderStage(
    stack,
    "Load",
    contract=CONTRACT,
    curated_bucket=curate.curated_bucket,
    target=LoadTarget.from_instance(database, secret=secretsmanager.Secret(stack, "Loader"), database_name="trips"),
    write_modes={"trips": WriteMode.merge(newer_by="updated_at"), "zones": WriteMode.replace(allow_empty=True)},
    window=LoadWindow.weekly(
        days=[Weekday.SATURDAY, Weekday.SUNDAY], from_="22:00", until="06:00", time_zone="Europe/Berlin"
    ),
)

sfn.StateMachine(stack, "Pipeline", definition_body=sfn.DefinitionBody.from_chainable(ingest.next(curate)))

app.synth()
