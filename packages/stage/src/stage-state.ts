import { aws_stepfunctions as sfn, aws_stepfunctions_tasks as tasks, Duration } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { ATTEMPT, jsonata, literal, SLOT } from './jsonata';

export interface StageStateProps {
  readonly stateMachine: sfn.IStateMachine;
  /** How execution names of the stage begin. */
  readonly namePrefix: string;
  /** The time-out of the stage's machine. */
  readonly timeout: Duration;
  readonly stateName: string;
}

/**
 * A stage as one state of a larger machine: a nested execution, named after slot and attempt.
 *
 * JSONata, because such a state fits machines of either query language.
 */
export function stageState(scope: Construct, id: string, props: StageStateProps): tasks.StepFunctionsStartExecution {
  const state = tasks.StepFunctionsStartExecution.jsonata(scope, id, {
    stateName: props.stateName,
    stateMachine: props.stateMachine,
    integrationPattern: sfn.IntegrationPattern.RUN_JOB,
    name: jsonata(`${literal(`${props.namePrefix}-`)} & ${SLOT} & "-a" & $string(${ATTEMPT})`),
    // The output of the stage before is more than the next one takes; a deadline that is absent stays absent.
    input: sfn.TaskInput.fromText(jsonata(
      `{"schemaVersion": 1, "slot": ${SLOT}, "attempt": ${ATTEMPT}, "deadline": $states.input.deadline, `
      + '"AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID": $states.context.Execution.Id}',
    )),
    outputs: jsonata('$states.result.Output'),
    // The stage's own time-out comes first, so that it is reported as what it is.
    taskTimeout: sfn.Timeout.duration(props.timeout.plus(Duration.minutes(5))),
  });
  state.addRetry({
    errors: ['StepFunctions.ExecutionLimitExceededException', 'StepFunctions.SdkClientException'],
    interval: Duration.seconds(10),
    maxAttempts: 5,
    backoffRate: 2,
  });
  return state;
}
