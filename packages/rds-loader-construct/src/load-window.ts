import { Duration } from 'aws-cdk-lib';
import type { Problems } from './private/stage/fail';
import { isTimeZone } from './private/stage/time-zone';

/** A window of the day. */
export interface DailyWindowProps {
  /**
   * When loads start, as `HH:MM` in the time zone.
   */
  readonly from: string;

  /**
   * When loads must have ended, as `HH:MM` in the time zone; before `from` where the window spans midnight. A load that
   * is not done finishes the part in hand and goes on in the next window.
   */
  readonly until: string;

  /**
   * Name in the IANA database, such as `Europe/Berlin`. Windows follow its summer time.
   *
   * @default UTC
   */
  readonly timeZone?: string;
}

/** A day of the week. */
export enum Weekday {
  MONDAY = 'MON',
  TUESDAY = 'TUE',
  WEDNESDAY = 'WED',
  THURSDAY = 'THU',
  FRIDAY = 'FRI',
  SATURDAY = 'SAT',
  SUNDAY = 'SUN',
}

/** A window of some days of the week. */
export interface WeeklyWindowProps extends DailyWindowProps {
  /**
   * Days on which loads start, at least one. A window that spans midnight ends on the day after.
   */
  readonly days: Weekday[];
}

const TIME = /^([01]\d|2[0-3]):([0-5]\d)$/;

/** When a load may run: it starts at the beginning and stops at the end. */
export class LoadWindow {
  /** The same hours every day. */
  static daily(props: DailyWindowProps): LoadWindow {
    return new LoadWindow(props.from, props.until, props.timeZone ?? 'UTC');
  }

  /** The same hours on some days of the week. */
  static weekly(props: WeeklyWindowProps): LoadWindow {
    return new LoadWindow(props.from, props.until, props.timeZone ?? 'UTC', props.days);
  }

  /** @internal */
  readonly _timeZone: string;

  private constructor(private readonly start: string, private readonly end: string, timeZone: string, private readonly days?: Weekday[]) {
    this._timeZone = timeZone;
  }

  /** @internal */
  get _minute(): string {
    return String(Number(this.start.slice(3)));
  }

  /**
   * The hour of the start, and the next one: EventBridge Scheduler starts nothing at a time that summer time skips. The run time starts one
   * load a night, so the second start matters on that night only.
   *
   * @internal
   */
  get _hours(): string {
    return this.startHours().join(',');
  }

  /** @internal */
  get _weekDays(): string | undefined {
    return this.days?.join(',');
  }

  /**
   * By the clock on the wall: on the days when summer time begins or ends the window is an hour off.
   *
   * @internal
   */
  get _length(): Duration {
    const minutes = minuteOfDay(this.end) - minuteOfDay(this.start);
    return Duration.minutes(minutes > 0 ? minutes : minutes + 24 * 60);
  }

  /** @internal */
  _settings(): Record<string, unknown> {
    return { from: this.start, until: this.end, timeZone: this._timeZone, ...(this.days === undefined ? {} : { days: this.days }) };
  }

  /** @internal */
  _check(problems: Problems): void {
    for (const [prop, value] of [['from', this.start], ['until', this.end]] as const) {
      if (!TIME.test(value)) problems.add(`window.${prop} must be a time of day like 01:00, got ${JSON.stringify(value)}`);
    }
    if (this.start === this.end) problems.add(`window.until must differ from window.from, got ${this.end} for both`);
    if (this.days?.length === 0) problems.add('window.days must name at least one day; use LoadWindow.daily for every day');
    if (new Set(this.days).size !== (this.days ?? []).length) problems.add(`window.days must name each day once, got ${this.days?.join(', ')}`);
    if (!isTimeZone(this._timeZone)) {
      problems.add(`window.timeZone must be a name of the IANA database like Europe/Berlin, got ${JSON.stringify(this._timeZone)}`);
    }
  }

  /**
   * A day on which the clock skips every start of the schedule, or undefined. EventBridge Scheduler starts nothing on such a day.
   *
   * @internal
   */
  _skippedOn(year: number): string | undefined {
    const wallClock = new Intl.DateTimeFormat('sv-SE', { timeZone: this._timeZone, dateStyle: 'short', timeStyle: 'short' });
    const seen = new Set<string>();
    const quarter = 15 * 60_000;
    // Offsets change at whole quarters of an hour, so these are all the wall-clock quarters of the year.
    for (let at = Date.UTC(year, 0, 1); at < Date.UTC(year + 1, 0, 1); at += quarter) seen.add(wallClock.format(at));
    const slots = this.startHours().map((hour) => `${String(hour).padStart(2, '0')}:${String(Math.floor(Number(this.start.slice(3)) / 15) * 15).padStart(2, '0')}`);
    for (let day = Date.UTC(year, 0, 2); day < Date.UTC(year, 11, 31); day += 86_400_000) {
      const date = new Date(day).toISOString().slice(0, 10);
      if (slots.every((slot) => !seen.has(`${date} ${slot}`))) return date;
    }
    return undefined;
  }

  private startHours(): number[] {
    const hour = Number(this.start.slice(0, 2));
    // In a short window the second start would lie outside; after midnight it would be on another day of the week.
    const once = this._length.toMinutes() <= 60 || (hour === 23 && this.days !== undefined);
    return once ? [hour] : [hour, (hour + 1) % 24];
  }
}

function minuteOfDay(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
}
