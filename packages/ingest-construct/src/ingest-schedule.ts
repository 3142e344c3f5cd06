import { aws_scheduler as scheduler, Duration, TimeZone, Token } from 'aws-cdk-lib';
import { checkCronFields } from './private/check-cron-fields';
import { checkProps } from './private/check-props';
import { CRON_PROPS } from './private/source-props';
import type { Problems } from './private/stage/fail';
import { isTimeZone } from './private/stage/time-zone';

/** Times by the clock of a zone, as cron fields. What is left out is every one, except `minute`. */
export interface IngestCronProps {
  /**
   * Minutes of the hour.
   *
   * @default '0'
   */
  readonly minute?: string;

  /**
   * Hours of the day.
   *
   * @default '*'
   */
  readonly hour?: string;

  /**
   * Days of the month. Not together with `weekDay`.
   *
   * @default - every day
   */
  readonly day?: string;

  /**
   * Months of the year.
   *
   * @default '*'
   */
  readonly month?: string;

  /**
   * Days of the week, such as `MON-FRI`. Not together with `day`.
   *
   * @default - every day
   */
  readonly weekDay?: string;

  /**
   * Name in the IANA database, such as `Europe/Berlin`. Times follow its summer time; one that the clock skips on a day has no run then.
   *
   * @default UTC
   */
  readonly timeZone?: string;

  /**
   * The longest time between two runs, from 1 minute to 6 days. Without a success for so long, and as long as an execution may take, the alarm
   * is raised. Schedules with longer gaps need an alarm of their own: CloudWatch looks back a week at most.
   *
   * @default Duration.days(1)
   */
  readonly longestGap?: Duration;
}

/** When a stage runs by itself. */
export class IngestSchedule {
  /** At times of the clock in a named zone. */
  static cron(props: IngestCronProps): IngestSchedule {
    return new IngestSchedule(props.longestGap ?? Duration.days(1), props, undefined);
  }

  /** Again and again after a time, from 1 minute to 6 days. */
  static rate(every: Duration): IngestSchedule {
    return new IngestSchedule(every, undefined, every);
  }

  private constructor(
    /** @internal */
    readonly _longestGap: Duration, private readonly cronProps: IngestCronProps | undefined, private readonly every: Duration | undefined,
  ) {}

  /** @internal */
  get _expression(): scheduler.ScheduleExpression {
    if (this.every !== undefined) return scheduler.ScheduleExpression.rate(this.every);
    const { minute = '0', hour, day, month, weekDay, timeZone = 'UTC' } = this.cronProps as IngestCronProps;
    return scheduler.ScheduleExpression.cron({ minute, hour, day, month, weekDay, timeZone: TimeZone.of(timeZone) });
  }

  /** @internal */
  _check(problems: Problems): void {
    const { timeZone = 'UTC', day, weekDay } = this.cronProps ?? {};
    if (!Token.isUnresolved(timeZone) && !isTimeZone(timeZone)) problems.add(`schedule.timeZone must be a name of the IANA database like Europe/Berlin, got ${JSON.stringify(timeZone)}`);
    if (this.cronProps !== undefined) {
      checkProps(this.cronProps, CRON_PROPS, 'schedule.', problems);
      checkCronFields(this.cronProps, problems);
    }
    if (day !== undefined && weekDay !== undefined) problems.add('schedule.day and schedule.weekDay exclude each other; leave one out');
    const seconds = this._longestGap.toSeconds();
    const what = this.every === undefined ? 'schedule.longestGap' : 'the rate of the schedule';
    if (seconds < 60 || seconds > 6 * 86_400 || !Number.isInteger(seconds / 60)) problems.add(`${what} must be whole minutes from 1 minute to 6 days, as far as an alarm looks back, got ${seconds} s`);
  }
}
