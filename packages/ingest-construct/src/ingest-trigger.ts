import { type aws_events as events, Duration } from 'aws-cdk-lib';
import { newObjectsPattern } from './private/new-objects-pattern';
import type { Arrivals, BoundSource } from './private/source-binding';
import type { Problems } from './private/stage/fail';
import { sortedNames } from './private/stage/sorted-names';

/** How events become runs, whatever they tell of. */
export interface IngestTriggerProps {
  /**
   * Length of the windows whose events start one run together, in whole seconds from 10 seconds to 14 minutes. A run starts that long after the
   * first event of a window, and some seconds, so that thousands of events a minute do not start thousands of runs.
   *
   * @default Duration.minutes(1)
   */
  readonly gather?: Duration;

  /**
   * Where the events are. S3 tells of a bucket on the default bus of the bucket's own account and region; from elsewhere they must be
   * forwarded to a bus of this account and region, by a rule there.
   *
   * @default - the default event bus of the account and region
   */
  readonly eventBus?: events.IEventBus;
}

/** Which events start a run. */
export interface EventTriggerProps extends IngestTriggerProps {
  /** As EventBridge matches it; at least one of its members. An event's `time` says in which window it is. */
  readonly pattern: events.EventPattern;
}

/** Which events start a run of a stage. A run brings what is new at all sources of the stage, not just what the event tells of. */
export class IngestTrigger {
  /**
   * Objects that arrive in the buckets of the stage's S3 sources, below their prefixes and with their suffixes; of a source with a `manifestKey`, the
   * manifest. A bucket that the app makes is told to send events; of any other one its owner must switch on Amazon EventBridge notifications.
   */
  static newObjects(props: IngestTriggerProps = {}): IngestTrigger {
    return new IngestTrigger(props, undefined);
  }

  /**
   * Any event.
   *
   * @example
   * IngestTrigger.event({ pattern: { source: ['shop.exports'], detailType: ['Export Finished'] } });
   */
  static event(props: EventTriggerProps): IngestTrigger {
    return new IngestTrigger(props, sortedNames(props.pattern));
  }

  private constructor(private readonly props: IngestTriggerProps, private readonly pattern: events.EventPattern | undefined) {}

  /** @internal */
  get _gather(): Duration {
    return this.props.gather ?? Duration.minutes(1);
  }

  /** @internal */
  get _eventBus(): events.IEventBus | undefined {
    return this.props.eventBus;
  }

  /** @internal */
  _check(sources: Record<string, BoundSource>, problems: Problems): void {
    const seconds = this._gather.toMilliseconds() / 1_000;
    if (!Number.isInteger(seconds) || seconds < 10 || seconds > 840) {
      problems.add(`trigger.gather must be whole seconds from 10 seconds to 14 minutes, got ${seconds} s; a queue holds events back for 15 minutes at most`);
    }
    if (this.pattern !== undefined && Object.values(this.pattern).every((member) => member === undefined)) {
      problems.add('trigger.pattern must have at least one member, got none; name a source or a detailType');
    }
    if (this.pattern === undefined && this._arrivals(sources).length === 0) {
      problems.add('trigger is IngestTrigger.newObjects, but no source is IngestSource.s3; add one, or start runs with IngestTrigger.event or schedule');
    }
    for (const prop of Object.values(sources).flatMap(({ namesBySlot }) => namesBySlot ?? [])) {
      problems.add(`${prop} has {slot} or {date}, which a run that an event starts does not know beforehand; leave trigger out and use schedule, or name one manifest without them`);
    }
  }

  /**
   * What the rules match, by the end of their construct ids.
   *
   * @internal
   */
  _patterns(sources: Record<string, BoundSource>): Record<string, events.EventPattern> {
    if (this.pattern !== undefined) return { Event: this.pattern };
    return Object.fromEntries(this._arrivals(sources).map(([dataset, arrivals]) => [`NewObjects-${dataset}`, newObjectsPattern(arrivals)]));
  }

  /**
   * By dataset; none for other events, as nobody needs S3 to tell of objects then.
   *
   * @internal
   */
  _arrivals(sources: Record<string, BoundSource>): Array<[dataset: string, arrivals: Arrivals]> {
    if (this.pattern !== undefined) return [];
    return Object.entries(sources).flatMap(([dataset, { arrivals }]) => (arrivals === undefined ? [] : [[dataset, arrivals] as [string, Arrivals]]));
  }
}
