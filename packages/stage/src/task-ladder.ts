import type { aws_s3 as s3, Duration } from 'aws-cdk-lib';
import { type FargateRung, MOST_MEMORY_MIB } from './fargate-size';
import { givenUp } from './given-up';
import { jsonata } from './jsonata';
import { recordFailure } from './record-failure';
import { runTask, type RunTaskProps } from './run-task';
import type { StageTask } from './stage-task';
import { plain, type Step } from './step';

/** Tries of a task that ended with a failure which may pass, the first one included. */
const TRIES = 3;

/** Wait before the second try, in seconds; it grows with each. */
const WAIT_SECONDS = 5;

export interface TaskLadderProps {
  /** Name of the state that runs the task; the others are named after it. */
  readonly name: string;
  readonly task: StageTask;
  /** Sizes from small to large; the input's `rung` says where to begin. */
  readonly ladder: FargateRung[];
  /** The prop that ends the ladder, as a notice names it. */
  readonly limit: string;
  /** Another container of the task, and JSONata of what it finds in its environment. */
  readonly beside?: RunTaskProps['beside'];
  /** The step that the container does. */
  readonly step: string;
  readonly timeout: Duration;
  readonly bucket: s3.IBucket;
  readonly workPrefix: string;
}

/**
 * Runs one task for an item of a map, `{plan, index, rung}`, and starts it in the next larger size when its memory was too small.
 *
 * A Retry sees only the name of an error, and States.TaskFailed is the name of them all, so the cause is looked at here:
 * out of memory goes up the ladder, an exit code that says "hopeless" ends, and anything else is tried again.
 */
export function taskOnLadder(props: TaskLadderProps): { readonly startAt: string; readonly steps: Record<string, Step> } {
  const { name, ladder } = props;
  const failed = `${name}Failed`;
  const again = `${name}Again`;
  const tooLarge = `${name}TooLarge`;
  const end = givenUp(props);
  const start = `${name}Size`;
  const step = runTask({
    task: props.task,
    work: `{"step": "${props.step}", "plan": $states.input.plan, "index": $states.input.index, "memoryMiB": ${rungOf(ladder, 'memoryMiB')}}`,
    beside: props.beside,
    timeout: props.timeout,
    size: { cpu: jsonata(`$string(${rungOf(ladder, 'cpu')})`), memory: jsonata(`$string(${rungOf(ladder, 'memoryMiB')})`) },
    failed,
    givenUp: end.startAt,
    output: {},
  });
  return {
    startAt: start,
    steps: {
      [start]: plain({
        Type: 'Pass',
        Assign: { rung: jsonata(`$min([$states.input.rung, ${ladder.length - 1}])`), tries: 1 },
        Next: name,
      }),
      [name]: step,
      [failed]: plain({
        Type: 'Choice',
        Choices: [
          { Condition: jsonata(`${OUT_OF_MEMORY} and $rung < ${ladder.length - 1}`), Assign: { rung: jsonata('$rung + 1') }, Next: name },
          { Condition: jsonata(OUT_OF_MEMORY), Next: tooLarge },
          { Condition: jsonata(`$not(${HOPELESS}) and $tries < ${TRIES}`), Assign: { tries: jsonata('$tries + 1') }, Next: again },
        ],
        Default: end.startAt,
      }),
      [again]: plain({ Type: 'Wait', Seconds: jsonata(`($tries - 1) * ${WAIT_SECONDS}`), Next: name }),
      [tooLarge]: recordOutOfMemory(props, end.startAt),
      ...end.steps,
    },
  };
}

/** Exit code 137 alone is any SIGKILL; the reason tells. */
const OUT_OF_MEMORY = '$contains($cause, "OutOfMemory")';

/** Exit codes 1 and 2 of our own container: the same work would fail again. A cause that is no task of ECS is not looked into. */
const HOPELESS = '($substring($cause, 0, 1) = "{" ? $exists($parse($cause).Containers[Name = "task" and ExitCode in [1, 2]]) : false)';

function rungOf(ladder: FargateRung[], member: keyof FargateRung): string {
  return `${JSON.stringify(ladder.map((rung) => rung[member]))}[$rung]`;
}

/** A container that is killed leaves no word; this one tells the notice what to do. */
function recordOutOfMemory({ name, step, ladder, limit, bucket, workPrefix }: TaskLadderProps, next: string): Step {
  const largest = ladder.at(-1)!.memoryMiB;
  const message = `out of memory at the largest size of the task, ${largest} MiB; ${largest < MOST_MEMORY_MIB ? `raise ${limit}, or ` : ''}make the shards of the source smaller`;
  return recordFailure({
    bucket, workPrefix, step, mark: '', next,
    failure: { code: 'OUT_OF_MEMORY', kind: 'terminal', fault: 'user', message, facts: { memoryMiB: largest, state: name } },
  });
}
