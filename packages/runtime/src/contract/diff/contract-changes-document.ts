import { CONTRACT_CHANGES, type ChangeRisk } from './contract-changes';

const HEAD = `# Changes of a contract

Made from the code by \`HEADRACE_WRITE_DOCS=1 npx jest contract/diff-contracts\` in \`packages/runtime\`; a test compares the two.

\`headrace contract diff <old> <new>\` lists every change between two versions of a contract, what it does to stored batches, loads and readers, and what to
do. It ends with 1 where one is breaking. Changes of a kind that it does not know are called risky, and never passed over.
`;

const MEANING: Readonly<Record<ChangeRisk, string>> = {
  breaking: 'Stored batches, loads or queries that worked no longer do, or mean something else.',
  risky: 'It works if what is said is seen to, or rows from now on differ from those before.',
  harmless: 'Nothing that exists can tell.',
};

/** docs/contract-changes.md */
export function contractChangesDocument(): string {
  const sections = (Object.keys(MEANING) as ChangeRisk[]).map((risk) => {
    const rows = Object.entries(CONTRACT_CHANGES).filter(([, change]) => change.risk === risk).map(([kind, { why, todo }]) => `| \`${kind}\` | ${why} | ${todo} |`);
    return [`## ${risk[0]!.toUpperCase()}${risk.slice(1)}`, '', MEANING[risk], '', '| change | why | to do |', '|---|---|---|', ...rows].join('\n');
  });
  return `${[HEAD.trimEnd(), ...sections].join('\n\n')}\n`;
}
