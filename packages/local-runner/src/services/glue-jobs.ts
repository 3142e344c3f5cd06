import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import * as path from 'node:path';
import { TaskFailure } from '../asl/task-failure';
import type { TaskHandler } from '../asl/task-handler';
import { startProcess } from '../exec/process';
import type { Deployment } from '../stack/deployment';
import type { ExecutionScope } from '../stack/execution-scope';

interface StartJobRunArguments {
  readonly JobName: string;
  readonly Arguments?: Readonly<Record<string, string>>;
  readonly WorkerType?: string;
  readonly NumberOfWorkers?: number;
}

interface JobProperties {
  readonly Role: string;
  readonly Command: { readonly ScriptLocation: string };
  readonly DefaultArguments?: Readonly<Record<string, string>>;
  readonly NumberOfWorkers?: number;
  readonly WorkerType?: string;
  readonly GlueVersion?: string;
}

/** Arguments that Glue takes for itself; a script gets all others. */
const OF_GLUE = /^--(job-language|scriptLocation|TempDir|enable-.+|extra-.+|additional-python-modules|conf|datalake-formats)$/;

/** Paths that a run is given by environment, where no quoting can go wrong: a state folder may lie anywhere. */
function sparkFolders(scratch: string): Record<string, string> {
  return { SPARK_LOCAL_DIRS: scratch, TMPDIR: scratch };
}

/** Iceberg as in Glue 5.1, where no jars are there: Spark gets it by these from Maven's repository. */
const ICEBERG_PACKAGES = ['org.apache.iceberg:iceberg-spark-runtime-3.5_2.12:1.10.0', 'org.apache.iceberg:iceberg-aws-bundle:1.10.0'].join(',');

/**
 * Cores and memory of a worker are Glue's; here a run shares the machine with everything else. Java without its second compiler, which takes half of
 * the time of a run over some 100,000 rows, and pays from about 2 million on.
 */
const SUBMIT = '--master local[2] --driver-memory 1g --driver-java-options -XX:TieredStopAtLevel=1 --conf spark.ui.enabled=false --conf spark.ui.showConsoleProgress=false --conf spark.sql.shuffle.partitions=4'
  + ' --conf spark.driver.bindAddress=127.0.0.1 --conf spark.driver.host=127.0.0.1';

const STOP_TIMEOUT_SECONDS = 10;
const LAST_LINES = 20;

/**
 * `glue:startJobRun.sync`: runs the job's script on a real Spark of this machine, as a supervised child process.
 *
 * Emulated: script, extra Python files, arguments, settings of the session, Iceberg, the job's role, logs, stop, the JSON of the run. Not
 * emulated: workers, auto scaling, time-out and concurrency of the job. Spark has no S3 here: `--local-files true` tells the script to work on files.
 */
export function glueStartJobRunSync(deployment: Deployment, scope: ExecutionScope, python: string | undefined): TaskHandler {
  return async ({ arguments: input, state, signal }) => {
    const args = input as unknown as StartJobRunArguments;
    const jobs = deployment.assembly.ofType('AWS::Glue::Job');
    const job = jobs.find(({ ref }) => ref === args.JobName);
    if (job === undefined) {
      throw new TaskFailure('Glue.EntityNotFoundException', `no Glue job ${args.JobName} in the assembly; it has ${jobs.length === 0 ? 'none' : jobs.map(({ ref }) => ref).join(', ')}`);
    }
    scope.authorize({ action: 'glue:StartJobRun', resource: `arn:aws:glue:${deployment.region}:${deployment.account}:job/${job.ref}` });
    const properties = job.properties as JobProperties;
    const { WorkerType = properties.WorkerType, NumberOfWorkers = properties.NumberOfWorkers } = args;
    if ((args.WorkerType === undefined) !== (args.NumberOfWorkers === undefined)) {
      throw new TaskFailure('Glue.InvalidInputException', `WorkerType and NumberOfWorkers belong together, got ${JSON.stringify({ WorkerType: args.WorkerType, NumberOfWorkers: args.NumberOfWorkers })}`);
    }
    if (NumberOfWorkers !== undefined && !(Number.isInteger(NumberOfWorkers) && NumberOfWorkers >= 2)) {
      throw new TaskFailure('Glue.InvalidInputException', `NumberOfWorkers must be a whole number from 2, got ${JSON.stringify(NumberOfWorkers)}`);
    }
    const given = { ...properties.DefaultArguments, ...args.Arguments };
    const script = assetFile(deployment, given['--scriptLocation'] ?? properties.Command.ScriptLocation);
    // A folder stands for the archive that a deployment makes of it.
    const modules = (given['--extra-py-files'] ?? '').split(',').filter((file) => file !== '').map((file) => assetFile(deployment, file));
    const forScript = Object.entries(given).filter(([name]) => !OF_GLUE.test(name)).flat();
    const startedOn = Date.now();
    const task = scope.nextChild(state);
    const scratch = scope.scratchFolder(task);
    const lastLines: string[] = [];
    const child = await startProcess({
      command: requirePython(python),
      args: [script, ...forScript, '--local-files', 'true'],
      cwd: scratch,
      env: {
        ...deployment.childEnvironment(properties.Role),
        ...(process.env.JAVA_HOME === undefined ? {} : { JAVA_HOME: process.env.JAVA_HOME }),
        ...sparkFolders(scratch),
        PYSPARK_SUBMIT_ARGS: [SUBMIT, ...sessionArguments(given), 'pyspark-shell'].join(' '),
        SPARK_LOCAL_IP: '127.0.0.1',
        PYTHONDONTWRITEBYTECODE: '1',
        PYTHONPATH: modules.join(path.delimiter),
      },
      stopTimeoutSeconds: STOP_TIMEOUT_SECONDS,
      signal,
      logFile: scope.logFile(task),
      pidFolder: deployment.pidFolder,
      onLine: (line) => {
        scope.childLine(state, line);
        if (line.trim() !== '') lastLines.push(line.trim());
        if (lastLines.length > LAST_LINES) lastLines.shift();
      },
    });
    scope.childStarted(state, child.pid);
    const ended = await child.done;
    scope.childEnded(state, { pid: child.pid, exitCode: ended.exitCode, peakRssBytes: ended.peakRssBytes });
    scope.removeScratch(task);
    const run = {
      Id: `jr_${randomBytes(32).toString('hex')}`,
      Attempt: 0,
      JobName: job.ref,
      Arguments: args.Arguments ?? {},
      StartedOn: startedOn,
      CompletedOn: Date.now(),
      ExecutionTime: Math.round((Date.now() - startedOn) / 1000),
      JobRunState: ended.exitCode === 0 ? 'SUCCEEDED' : signal?.aborted ? 'STOPPED' : 'FAILED',
      ...(ended.exitCode === 0 ? {} : { ErrorMessage: errorMessage(lastLines, ended.exitCode) }),
      GlueVersion: properties.GlueVersion,
      WorkerType,
      NumberOfWorkers,
    };
    if (ended.exitCode !== 0) throw new TaskFailure('States.TaskFailed', JSON.stringify(run));
    return run;
  };
}

/** A Python with PySpark: what was given, what the environment names, or what scripts/install-engines.sh made. */
export function sparkPython(given: string | undefined): string | undefined {
  const own = path.resolve('.engines/venv/bin/python');
  return given ?? process.env.HEADRACE_SPARK_PYTHON ?? (existsSync(own) ? own : undefined);
}

/** What Glue makes of `--datalake-formats` and `--conf` before it starts a script. */
function sessionArguments(given: Readonly<Record<string, string>>): string[] {
  const formats = (given['--datalake-formats'] ?? '').split(',').filter((format) => format !== '');
  const other = formats.find((format) => format !== 'iceberg');
  if (other !== undefined) throw new TaskFailure('States.Runtime', `--datalake-formats ${other} is not served here; iceberg is`);
  // Several settings are one argument that repeats its own name.
  const settings = (given['--conf'] ?? '').split(/\s+--conf\s+/).filter((setting) => setting !== '');
  return [...(formats.length === 0 ? [] : icebergJars()), ...settings.flatMap((setting) => ['--conf', `'${setting.replace(/'/g, '\'"\'"\'')}'`])];
}

function icebergJars(): string[] {
  const folder = process.env.HEADRACE_ICEBERG_JARS ?? path.resolve('.engines/jars');
  if (!existsSync(folder)) return ['--packages', ICEBERG_PACKAGES];
  const jars = readdirSync(folder).filter((name) => name.startsWith('iceberg-') && name.endsWith('.jar')).map((name) => path.join(folder, name));
  return ['--jars', `'${jars.join(',')}'`];
}

function requirePython(python: string | undefined): string {
  if (python !== undefined) return python;
  throw new TaskFailure('States.Runtime', 'Glue jobs need Spark locally: give --spark <python with pyspark> (pip install pyspark==3.5.6 boto3) and Java 17');
}

function assetFile(deployment: Deployment, location: string): string {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(location) ?? [];
  const asset = deployment.assembly.fileAssets.find((each) => each.bucket === bucket && each.key === key);
  if (asset === undefined) throw new TaskFailure('States.TaskFailed', `${location} is no file asset of this assembly; only scripts and modules that are assets run locally`);
  return asset.path;
}

/** What Glue shows of a failed script: the last line of the traceback, which names the exception. */
function errorMessage(lines: readonly string[], exitCode: number): string {
  const exception = [...lines].reverse().find((line) => /^[\w.]*(?:Error|Exception)\b/.test(line));
  return exception ?? lines.at(-1) ?? `the script ended with exit code ${exitCode}`;
}
