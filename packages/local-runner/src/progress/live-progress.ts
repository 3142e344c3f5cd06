import type { OnStackEvent } from '../stack/stack-event';
import { codedMessage, lineOf, seconds } from './progress-lines';

/** Redraws per second at most: faster is only flicker. */
const FRAMES_PER_SECOND = 8;

interface Running {
  readonly machine: string;
  readonly state: string;
  readonly since: number;
  children: number;
  doing: string;
}

export interface LiveProgress {
  readonly onEvent: OnStackEvent;
  /** Takes the live block away; what ended stays on the screen. */
  stop(): void;
}

/** Ended things as lines that stay; below them a block of what runs now, redrawn in place. For terminals only. */
export async function liveProgress(stream: NodeJS.WriteStream): Promise<LiveProgress> {
  const { createLogUpdate } = await import('log-update');
  const draw = createLogUpdate(stream);
  const running = new Map<string, Running>();
  const render = () => draw([...running.values()].map(({ machine, state, since, children, doing }) =>
    `  ⠿ ${machine}  ${state} ${seconds(Date.now() - since)}${children > 0 ? `  ${children} running` : ''}  ${doing}`.slice(0, (stream.columns ?? 100) - 1)).join('\n'));
  const timer = setInterval(render, 1000 / FRAMES_PER_SECOND);
  timer.unref();

  const onEvent: OnStackEvent = (event) => {
    const key = 'state' in event ? `${event.machine}/${event.state}` : '';
    if (event.kind === 'state' && event.status === 'entered') running.set(key, { machine: event.machine, state: event.state, since: Date.now(), children: 0, doing: '' });
    if (event.kind === 'state' && (event.status === 'succeeded' || event.status === 'failed')) running.delete(key);
    const current = running.get(key);
    if (current && event.kind === 'child-started') current.children += 1;
    if (current && event.kind === 'child-ended') current.children -= 1;
    if (current && event.kind === 'child-line') current.doing = codedMessage(event.line)?.message ?? current.doing;
    const text = lineOf(event);
    if (text === undefined) return;
    draw.clear();
    stream.write(`${text}\n`);
    render();
  };
  return {
    onEvent,
    stop: () => {
      clearInterval(timer);
      draw.clear();
      draw.done();
    },
  };
}
