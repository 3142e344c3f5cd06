package com.example;

import io.headrace.curate.AutoEngineProps;
import io.headrace.curate.CurateEngine;
import io.headrace.curate.CurateSize;
import io.headrace.curate.CurateSizeProps;
import io.headrace.curate.CurateStage;
import io.headrace.curate.GlueWorkerType;
import io.headrace.curate.IcebergTables;
import io.headrace.curate.IcebergTablesProps;
import io.headrace.ingest.HttpAuth;
import io.headrace.ingest.HttpSourceProps;
import io.headrace.ingest.IngestCronProps;
import io.headrace.ingest.IngestOverlap;
import io.headrace.ingest.IngestSchedule;
import io.headrace.ingest.IngestSize;
import io.headrace.ingest.IngestSource;
import io.headrace.ingest.IngestStage;
import io.headrace.rdsloader.LoadTarget;
import io.headrace.rdsloader.LoadTargetProps;
import io.headrace.rdsloader.LoadWindow;
import io.headrace.rdsloader.MergeProps;
import io.headrace.rdsloader.RdsLoaderStage;
import io.headrace.rdsloader.ReplaceProps;
import io.headrace.rdsloader.Weekday;
import io.headrace.rdsloader.WeeklyWindowProps;
import io.headrace.rdsloader.WriteMode;
import java.util.List;
import java.util.Map;
import software.amazon.awscdk.App;
import software.amazon.awscdk.Duration;
import software.amazon.awscdk.Size;
import software.amazon.awscdk.Stack;
import software.amazon.awscdk.services.ec2.SubnetSelection;
import software.amazon.awscdk.services.ec2.SubnetType;
import software.amazon.awscdk.services.ec2.Vpc;
import software.amazon.awscdk.services.logs.RetentionDays;
import software.amazon.awscdk.services.rds.DatabaseInstance;
import software.amazon.awscdk.services.rds.DatabaseInstanceEngine;
import software.amazon.awscdk.services.rds.PostgresEngineVersion;
import software.amazon.awscdk.services.rds.PostgresInstanceEngineProps;
import software.amazon.awscdk.services.secretsmanager.Secret;
import software.amazon.awscdk.services.stepfunctions.DefinitionBody;
import software.amazon.awscdk.services.stepfunctions.StateMachine;

public final class TripsApp {
  private static final String CONTRACT = "contracts/trips.odcs.yaml";

  private TripsApp() {}

  public static void main(String[] args) {
    App app = new App();
    Stack stack = new Stack(app, "Trips");

    Vpc vpc = Vpc.Builder.create(stack, "Vpc").maxAzs(2).natGateways(0).build();
    DatabaseInstance database = DatabaseInstance.Builder.create(stack, "Database")
        .engine(DatabaseInstanceEngine.postgres(PostgresInstanceEngineProps.builder().version(PostgresEngineVersion.VER_17).build()))
        .vpc(vpc)
        .vpcSubnets(SubnetSelection.builder().subnetType(SubnetType.PRIVATE_ISOLATED).build())
        .storageEncrypted(true)
        .build();

    Secret token = new Secret(stack, "Token");
    IngestStage ingest = IngestStage.Builder.create(stack, "Ingest")
        .contract(CONTRACT)
        .sources(Map.of(
            "trips", IngestSource.http(HttpSourceProps.builder()
                .url("https://data.example.com/trips.csv.gz")
                .auth(HttpAuth.bearer(token))
                .headers(Map.of("accept", "text/csv"))
                .minRows(1000)
                .timeout(Duration.minutes(5))
                .build()),
            "zones", IngestSource.http(HttpSourceProps.builder().url("https://data.example.com/zones.ndjson").build())))
        .size(IngestSize.DEV)
        .schedule(IngestSchedule.cron(IngestCronProps.builder().hour("3").timeZone("Europe/Berlin").longestGap(Duration.days(1)).build()))
        .overlap(IngestOverlap.SKIP)
        .build();

    CurateStage curate = CurateStage.Builder.create(stack, "Curate")
        .contract(CONTRACT)
        .rawBucket(ingest.getRawBucket())
        .databaseName("trips")
        .engine(CurateEngine.auto(AutoEngineProps.builder()
            .workerType(GlueWorkerType.G_2_X).maxWorkers(4).sparkFrom(Size.gibibytes(3)).build()))
        .icebergTables(IcebergTables.onGlue(IcebergTablesProps.builder().snapshotRetention(Duration.days(7)).build()))
        .size(CurateSize.of(CurateSizeProps.builder().concurrency(3).logRetention(RetentionDays.ONE_WEEK).build()))
        .build();

    RdsLoaderStage.Builder.create(stack, "Load")
        .contract(CONTRACT)
        .curatedBucket(curate.getCuratedBucket())
        .target(LoadTarget.fromInstance(database, LoadTargetProps.builder().secret(new Secret(stack, "Loader")).databaseName("trips").build()))
        .writeModes(Map.of(
            "trips", WriteMode.merge(MergeProps.builder().newerBy("updated_at").build()),
            "zones", WriteMode.replace(ReplaceProps.builder().allowEmpty(true).build())))
        .window(LoadWindow.weekly(WeeklyWindowProps.builder()
            .days(List.of(Weekday.SATURDAY, Weekday.SUNDAY)).from("22:00").until("06:00").timeZone("Europe/Berlin").build()))
        .build();

    StateMachine.Builder.create(stack, "Pipeline").definitionBody(DefinitionBody.fromChainable(ingest.next(curate))).build();

    app.synth();
  }
}
