import { Token } from 'aws-cdk-lib';
import type { HttpPagesSourceProps } from '../http-pages';
import { checkWhole, type SourceBinding } from './source-binding';

/** Settings of a source that asks for what is new, as far as they are looked at here. */
interface SinceView {
  readonly by: 'time' | 'value' | 'token';
  readonly parameter: string;
  readonly untilParameter?: string;
  readonly at?: string;
  readonly order?: string;
  readonly lagSeconds?: number;
  readonly lagValues?: number;
  readonly first?: string;
}

const POINTER = /^(#|(\/([^~/]|~[01])*)+)$/;
const TIME = /^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d{1,12})?(Z|[+-]\d\d:\d\d))?$/;

/** Notes what is wrong with `since` and what it stands beside. */
export function checkSince(props: HttpPagesSourceProps, binding: SourceBinding): void {
  if (props.since === undefined) return;
  const since = props.since._settings as unknown as SinceView;
  const { problems } = binding;
  const prop = `${binding.prop}.since`;
  checkDataset(since, props, binding);
  checkParameters(since, props, binding);
  if (since.at !== undefined && !Token.isUnresolved(since.at) && !POINTER.test(since.at)) {
    problems.add(`${prop}.${since.by === 'token' ? 'tokenAt' : 'valueAt'} must be a JSON pointer like /id, got ${JSON.stringify(since.at)}`);
  }
  checkWhole(problems, `${prop}.lag in seconds`, since.lagSeconds, 0, 366 * 86_400);
  checkWhole(problems, `${prop}.lagValues`, since.lagValues, 0, Number.MAX_SAFE_INTEGER);
  if (since.by === 'value' && since.lagSeconds !== undefined && since.order !== 'time') problems.add(`${prop}.lag belongs to the order TIME; leave it out, or go by times`);
  if (since.lagValues !== undefined && since.order !== 'number') problems.add(`${prop}.lagValues belongs to the order NUMBER; leave it out, or go by numbers`);
  if (since.by === 'time' && since.first !== undefined && !Token.isUnresolved(since.first) && !TIME.test(since.first)) {
    problems.add(`${prop}.first must be a date or a time with zone, like 2026-01-31 or 2026-01-31T09:00:00Z, got ${JSON.stringify(since.first)}`);
  }
}

function checkDataset({ by }: SinceView, { recordsAt, paging }: HttpPagesSourceProps, { prop, problems, dataset }: SourceBinding): void {
  if (dataset === undefined) return;
  const { history, primaryKey, record } = dataset;
  if (history === 'snapshot') {
    problems.add(`${prop}.since reads what is new, and the dataset has history snapshot, which takes each batch for the whole; write headraceHistory: changes with a primary key, or leave since out`);
  } else if (by !== 'token' && (history !== 'changes' || primaryKey.length === 0)) {
    problems.add(`${prop}.since needs headraceHistory: changes and a primary key in the contract, since records at the boundary are read again; the dataset has history ${history}`);
  }
  const { at, totalAt } = paging._settings;
  const readsLines = record.format === 'ndjson' && at === undefined && totalAt === undefined;
  if (by === 'value' && recordsAt === undefined && !readsLines) {
    problems.add(`${prop}.recordsAt is missing; since.value looks at each record of a page, so it must know where they are`);
  }
}

/** No parameter of the query may be set by two. */
function checkParameters(since: SinceView, { url, paging, auth }: HttpPagesSourceProps, { prop, problems }: SourceBinding): void {
  const { parameter, untilParameter } = since;
  const owners = new Map<unknown, string>();
  if (!Token.isUnresolved(url) && URL.canParse(url)) for (const name of new URL(url).searchParams.keys()) owners.set(name, 'url has');
  const { parameter: counts, sizeParameter } = paging._settings;
  for (const name of [counts, sizeParameter]) if (name !== undefined) owners.set(name, 'paging sets');
  const { by, name: key } = (auth?._bound.settings ?? {}) as { by?: string; name?: string };
  if (by === 'apiKeyQuery') owners.set(key, 'auth sets');
  for (const [member, name] of Object.entries({ parameter, untilParameter })) {
    const owner = owners.get(name);
    if (name === '') problems.add(`${prop}.since.${member} must name a parameter of the query, got ""`);
    else if (name !== undefined && owner !== undefined) problems.add(`${prop}.since.${member} is ${JSON.stringify(name)}, which ${owner} too; one of them must leave it out`);
  }
  if (untilParameter !== undefined && untilParameter === parameter) problems.add(`${prop}.since.untilParameter must be another one than parameter, got ${JSON.stringify(parameter)} for both`);
}
