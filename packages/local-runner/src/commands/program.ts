import { Command, CommanderError, Option } from 'commander';
import { checkContract } from './check-contract';
import { diffContract } from './diff-contract';
import { down } from './down';
import { EXIT, UsageError, type ExitCode } from './exit-code';
import { inferContract } from './infer-contract';
import { init } from './init';
import { listExecutions } from './list-executions';
import { dmsBottleneck } from './dms-bottleneck';
import { load } from './load';
import { plan } from './plan';
import { printLogs } from './print-logs';
import { putObject } from './put-object';
import { replayQuarantine } from './replay-quarantine';
import { retry } from './retry';
import { run } from './run';
import { showQuarantine } from './show-quarantine';
import { sql } from './sql';
import { suggestWindow } from './suggest-window';
import { up } from './up';
import { vacuum } from './vacuum';
import { watch } from './watch';

export interface Terminal {
  out(text: string): void;
  error(text: string): void;
  /** Whether progress may be redrawn in place. */
  readonly live: boolean;
}

const DEFAULT_STATE_DIR = '.headrace';

const EPILOGUE = `
Exit codes: 0 done, 1 failed, 2 wrong usage, 130 stopped.

Examples:
  headrace init trips --from ./trips.csv      draft a contract, an app and its test
  headrace run                                run the app of cdk.json from source to database
  headrace load --now                         load what is committed, whatever the window says
  headrace watch                              keep the app up; files that arrive start runs
  headrace retry                              start the last failed run again, where it stopped
  headrace sql "SELECT count(*) FROM trips"   ask as Athena would
  headrace quarantine show                    what was rejected, and why
  headrace sql --target "TABLE trips"         ask the target database
`;

/** Runs one command line; returns the exit code and never throws. */
export async function runCli(args: readonly string[], terminal: Terminal = processTerminal()): Promise<ExitCode> {
  let code: ExitCode = EXIT.done;
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  try {
    await program(terminal, stop.signal, (result) => { code = result; }).parseAsync([...args], { from: 'user' });
    return stop.signal.aborted ? EXIT.stopped : code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    terminal.error(`headrace: ${(error as Error).message}\n`);
    if (error instanceof UsageError) return EXIT.usage;
    return stop.signal.aborted ? EXIT.stopped : EXIT.failed;
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

function program(terminal: Terminal, signal: AbortSignal, exit: (code: ExitCode) => void): Command {
  const headrace = new Command('headrace')
    .description('Runs Headrace pipelines on this machine: the synthesized state machines, without an AWS account and without Docker.')
    .addHelpText('after', EPILOGUE)
    .configureOutput({ writeOut: (text) => terminal.out(text), writeErr: (text) => terminal.error(text) })
    .exitOverride();
  const command = (definition: string, parent = headrace) => parent.command(definition).copyInheritedSettings(headrace);
  const stateful = (definition: string, parent = headrace) => command(definition, parent).option('--state-dir <dir>', 'folder with everything that runs and results leave behind', DEFAULT_STATE_DIR);
  const running = (definition: string, parent = headrace) => stateful(definition, parent)
    .option('--app <command>', 'command that synthesizes the app; "app" of cdk.json when left out')
    .option('--serve <folder>', 'serve this folder as the remote source; the app finds its address in HEADRACE_SOURCE_URL')
    .option('--spark <python>', 'Python with pyspark and boto3 that runs Glue jobs; HEADRACE_SPARK_PYTHON or .engines/venv when left out')
    .option('--json', 'end with one JSON object on standard output');
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- commander hands over what each command declares
  const does = (action: (...given: any[]) => Promise<ExitCode>) => async (...given: unknown[]) => exit(await action(...given));

  command('init <name>').description('draft a data contract from a sample, a small CDK app and its test, in this folder')
    .requiredOption('--from <file|url>', 'CSV, NDJSON or a JSON document, also gzipped')
    .action(does((name, options) => init({ name, ...options, folder: process.cwd(), terminal, signal })));

  running('run [cdk.out]').description('run the ingestion machine, then the load')
    .option('--machine <id>', 'run only this machine; its construct path, or the end of it')
    .option('--input <json>', 'state input, for example {"slot":"s20260101t000000z"}')
    .option('--linger <minutes>', 'keep the target database up for that long after the run; 0 to stop it at once', '10')
    .action(does((assembly, options) => run({ ...options, assembly, terminal, signal })));
  running('retry [run] [cdk.out]').description('start the next attempt of a failed run, with the code as it is now; of the last one when none is named')
    .option('--machine <id>', 'retry only this machine')
    .action(does((failed, assembly, options) => retry({ linger: '10', ...options, failed, assembly, terminal, signal })));
  running('load [cdk.out]').description('load what is committed and not in the target yet; outside of the window of the stage nothing is loaded')
    .option('--now', 'load at once, whatever the window says')
    .option('--machine <id>', 'the load machine, where there are several')
    .option('--print-aws', 'print the command that does it in the account, and run nothing')
    .option('--linger <minutes>', 'keep the target database up for that long after the load; 0 to stop it at once', '10')
    .action(does((assembly, options) => load({ ...options, assembly, terminal, signal })));
  running('plan').description('say what the ingest machine would pull, how long that takes and what it costs, without pulling')
    .option('--machine <id>', 'the ingest machine, where there are several')
    .option('--deadline <time>', 'also say whether this time can be met, like 2026-01-01T05:00:00Z')
    .option('--print-aws', 'print the command that does it in the account, and run nothing')
    .action(does((options) => plan({ ...options, terminal, signal })));
  running('watch [cdk.out]').description('deploy the app here and keep it up until Ctrl-C: objects that arrive and other events start runs by themselves')
    .action(does((assembly, options) => watch({ ...options, assembly, terminal, signal })));
  stateful('put <file> <address>').description('put a file into a bucket of the app that headrace watch keeps up, like s3://exports/2026/a.csv')
    .action(does((file, address, options) => putObject({ file, address, ...options, terminal })));
  stateful('up').description('keep the target database up until Ctrl-C')
    .addOption(new Option('--minutes <n>', 'end by itself').hideHelp())
    .action(does((options) => up({ ...options, terminal, signal })));
  stateful('sql <query>').description('ask the curated data as Athena would, or the target database')
    .option('--target', 'ask the target database').option('--json', 'print one JSON array of rows')
    .action(does((query, options) => sql({ query, ...options, terminal, signal })));
  const quarantine = command('quarantine').description('work with rejected records');
  stateful('show [dataset]', quarantine).description('show rejected records by run and rule, with their bytes as text, and the reasons')
    .option('--run <run>', 'only of this run, even if its batches were superseded since')
    .option('--code <code>', 'only those rejected with this code')
    .option('--limit <n>', 'records of each dataset', '20')
    .option('--json', 'print one JSON array')
    .action(does((dataset, options) => showQuarantine({ ...options, dataset, terminal })));
  running('replay [dataset]', quarantine).description('curate batches with rejected records again, under the contract as it is now')
    .option('--run <run>', 'only the batches of this run')
    .option('--machine <id>', 'the curate machine, where there are several')
    .option('--assembly <cdk.out>', 'folder that cdk synth wrote, in place of --app')
    .option('--print-aws', 'print the command that does it in the account, and run nothing')
    .action(does((dataset, options) => replayQuarantine({ ...options, dataset, terminal, signal })));
  running('vacuum [dataset]').description('remove curated files that were superseded long ago or that no commit names, and batches past their retention')
    .option('--machine <id>', 'the curate machine, where there are several')
    .option('--assembly <cdk.out>', 'folder that cdk synth wrote, in place of --app')
    .option('--print-aws', 'print the command that does it in the account, and run nothing')
    .action(does((dataset, options) => vacuum({ ...options, dataset, terminal, signal })));
  const window = command('window').description('work with the window of loads');
  window.command('suggest [file]').copyInheritedSettings(headrace)
    .description('propose the hours in which the target has the least to do, by its metrics of CloudWatch as CSV or JSON; without a file, print the command that fetches them')
    .option('--hours <n>', 'how long the window is to be, in quarters of an hour', '4')
    .option('--time-zone <zone>', 'whose clock the window goes by, like Europe/Berlin', 'UTC')
    .option('--json', 'print one JSON object')
    .action(does((file, options) => suggestWindow({ file, ...options, terminal })));
  const dms = command('dms').description('work with loads through AWS DMS');
  dms.command('bottleneck [file]').copyInheritedSettings(headrace)
    .description('say what a load waited for, source, instance or target, by its metrics of CloudWatch as CSV or JSON; without a file, print the command that fetches them')
    .option('--class <class>', 'class of the replication instance it ran on, like dms.t3.medium: the next one is named where it is too small')
    .option('--dcu <units>', 'most capacity units that it ran on, where it was serverless')
    .option('--json', 'print one JSON object')
    .action(does((file, options) => dmsBottleneck({ file, ...options, terminal })));
  stateful('ls').description('list executions').option('--json', 'print one JSON array')
    .action(does((options) => listExecutions({ ...options, terminal })));
  stateful('logs <run>').description('print the logs of a run: a slot, or the name of an execution')
    .action(does((name, options) => printLogs({ run: name, ...options, terminal })));
  const contract = command('contract').description('work with data contracts');
  contract.command('check <file...>').copyInheritedSettings(headrace).description('check contracts: every problem with line, rule, value and fix')
    .action(does((files) => checkContract({ files, terminal })));
  contract.command('diff <old> <new>').copyInheritedSettings(headrace).description('say what changed, what that does to stored data, loads and readers; 1 where it breaks something')
    .option('--json', 'print one JSON object')
    .action(does((before, after, options) => diffContract({ before, after, ...options, terminal })));
  contract.command('infer <file|url...>').copyInheritedSettings(headrace)
    .description('draft a contract from samples: CSV, NDJSON, JSON documents or workbooks, also gzipped; or from tables of a database, like postgres://reader@db.example.com/shop')
    .option('--table <schema.table...>', 'the tables, where a database is named; its password is taken from PGPASSWORD or MYSQL_PWD')
    .option('--dataset <name>', 'all files are samples of this one dataset, or the one table is; a dataset for each when left out')
    .option('--name <name>', 'name of the contract; that of its first dataset when left out')
    .option('--out <file>', 'write it there; to standard output when left out')
    .action(does((from, options) => inferContract({ from, ...options, terminal, signal })));
  stateful('down').description('stop what is still up')
    .option('--delete', 'also delete the state folder')
    .action(does((options) => down({ ...options, terminal })));
  return headrace;
}

function processTerminal(): Terminal {
  return {
    out: (text) => { process.stdout.write(text); },
    error: (text) => { process.stderr.write(text); },
    live: process.stderr.isTTY === true && process.env.CI === undefined,
  };
}
