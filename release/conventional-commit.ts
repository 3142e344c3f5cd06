import type { Bump } from './bump';

/** A commit as the planner reads it. */
export interface Commit {
  readonly hash: string;
  readonly subject: string;
  /** `feat`, `fix` …; undefined where the message is not conventional. */
  readonly type?: string;
  readonly scope?: string;
  /** Text behind the colon. */
  readonly title: string;
  /** Paragraphs between subject and footers. */
  readonly body: string;
  readonly breaking: boolean;
  /** What a user must do: the footers `Upgrade:`. */
  readonly upgrade: readonly string[];
  /** What breaks: the footers `BREAKING CHANGE:`. */
  readonly breaks: readonly string[];
  /** Version that the footer `Release-As:` asks for. */
  readonly releaseAs?: string;
  readonly files: readonly string[];
}

/** Types of commits and what each raises; the title lint of pull requests takes the same list. */
export const COMMIT_TYPES: Readonly<Record<string, Bump>> = {
  feat: 'minor', fix: 'patch', perf: 'patch', revert: 'patch',
  refactor: 'none', docs: 'none', test: 'none', build: 'none', ci: 'none', chore: 'none',
};

export const COMMIT_SCOPES = [
  'ingest', 'curate', 'rds-loader', 'load', 'ingest-construct', 'curate-construct', 'rds-loader-construct',
  'runtime', 'stage', 'local-runner', 'examples', 'release', 'deps', 'bench',
] as const;

const SUBJECT = /^(?<type>[a-z]+)(?:\((?<scope>[^()]+)\))?(?<mark>!)?: (?<title>\S.*)$/;
const FOOTER = /^(?<key>BREAKING[ -]CHANGE|[A-Z][A-Za-z]*(?:-[A-Za-z]+)*)(?:: | #)(?<value>.*)$/;
/** These may have their text on the lines that follow. */
const FOOTER_ABOVE = /^(?<key>BREAKING[ -]CHANGE|Upgrade|Release-As):\s*$/i;

export function parseCommit(hash: string, message: string, files: readonly string[] = []): Commit {
  const [subject = '', ...rest] = message.trim().split('\n');
  const { type, scope, mark, title } = (SUBJECT.exec(subject)?.groups ?? {}) as Record<string, string | undefined>;
  const { body, footers } = split(rest);
  const valuesOf = (pattern: RegExp) => footers.filter(([key]) => pattern.test(key)).map(([, value]) => value);
  const breaking = valuesOf(/^BREAKING[ -]CHANGE$/);
  return {
    hash, subject, type, scope, title: title ?? subject, body, files,
    breaking: mark === '!' || breaking.length > 0,
    upgrade: valuesOf(/^Upgrade$/i).filter((text) => text !== ''),
    breaks: breaking.filter((text) => text !== ''),
    releaseAs: valuesOf(/^Release-As$/i)[0],
  };
}

/** What a commit raises by its message. One that says nothing in the conventional way is taken for a fix, so that nothing is left unreleased. */
export function bumpOf(commit: Commit): Bump {
  if (commit.breaking) return 'major';
  return commit.type === undefined ? 'patch' : COMMIT_TYPES[commit.type] ?? 'patch';
}

/** A footer goes on until the next one or an empty line behind its text. */
function split(lines: readonly string[]): { body: string; footers: [string, string][] } {
  const body: string[] = [];
  const footers: [string, string][] = [];
  let open = false;
  for (const line of lines) {
    const { key, value } = ((FOOTER_ABOVE.exec(line) ?? FOOTER.exec(line))?.groups ?? {}) as Record<string, string | undefined>;
    const last = footers[footers.length - 1];
    if (key !== undefined) footers.push([key, value?.trim() ?? '']);
    else if (open && line.trim() !== '') last![1] = `${last![1]} ${line.trim()}`.trim();
    else if (line.trim() !== '' || body.length > 0) body.push(line);
    open = key !== undefined || (open && (line.trim() !== '' || last![1] === ''));
  }
  return { body: body.join('\n').trim(), footers };
}
