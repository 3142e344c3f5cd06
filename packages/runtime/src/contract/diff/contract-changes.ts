/** What a change of a contract does to stored data, loads and readers. */
export type ChangeRisk = 'breaking' | 'risky' | 'harmless';

interface Change {
  readonly risk: ChangeRisk;
  readonly why: string;
  readonly todo: string;
}

/**
 * Every kind of change, and what it means; docs/contract-changes.md is made from it.
 *
 * - `breaking`: stored batches, loads or queries that worked no longer do, or mean something else.
 * - `risky`: it works if what is said under `todo` is seen to; or rows from now on differ from those before.
 * - `harmless`: nothing that exists can tell.
 */
export const CONTRACT_CHANGES = {
  'contract-name': { risk: 'risky', why: 'it names the pipeline where pipelineName is not set, and so begins every key', todo: 'set pipelineName to what it was' },
  'contract-id': { risk: 'risky', why: 'commits name the contract by it', todo: 'keep it, unless this is another product' },
  'contract-text': { risk: 'harmless', why: 'version, status and descriptions change nothing that runs', todo: 'nothing' },

  'dataset-added': { risk: 'harmless', why: 'nothing knows it yet', todo: 'give the stages a source for it' },
  'dataset-removed': { risk: 'breaking', why: 'its view and table of runs leave the catalog, and it is no longer loaded', todo: 'see that nobody reads it; its objects stay' },
  'table-renamed': { risk: 'breaking', why: 'loads go to another target table; what was loaded stays in the old one', todo: 'rename the table in the target before the next load, or load all commits anew' },
  'record-changed': { risk: 'risky', why: 'raw batches that are not curated yet are read by the new dialect', todo: 'curate what is pending first, and see that the source changes with it' },
  'history-changed': { risk: 'breaking', why: 'the view of current state shows other rows, and write modes fit one history each', todo: 'change the write mode with it, and curate a whole batch anew' },
  'policy-tightened': { risk: 'risky', why: 'batches that differ from the contract are no longer loaded', todo: 'load what is pending first' },
  'policy-loosened': { risk: 'harmless', why: 'what was accepted is accepted', todo: 'nothing' },
  'key-changed': { risk: 'breaking', why: 'rows are told apart otherwise: dedupe, current state and merges give other rows, and targets need another unique index', todo: 'change the key of the target table, and curate and load anew' },
  'partitions-changed': { risk: 'breaking', why: 'partition keys of a catalog table are fixed: it is replaced, and knows none of the earlier batches', todo: 'deploy, then curate all batches anew' },
  'dedupe-changed': { risk: 'risky', why: 'another record of a key is kept from now on', todo: 'curate anew where earlier batches must follow it' },
  'sort-changed': { risk: 'harmless', why: 'files hold the same rows in another order, which is never promised; only what queries read changes', todo: 'nothing; curate anew where earlier batches must be in that order too' },
  'threshold-lowered': { risk: 'risky', why: 'runs that passed may fail', todo: 'compare it with the rejects of recent runs' },
  'threshold-raised': { risk: 'harmless', why: 'what passed passes; more rejects go unnoticed', todo: 'nothing' },
  'filter-changed': { risk: 'risky', why: 'other records are left out from now on, not of stored rows', todo: 'curate anew where earlier batches must follow it' },
  'rule-added': { risk: 'harmless', why: 'it records or warns, and stops nothing', todo: 'nothing' },
  'rule-stops': { risk: 'risky', why: 'a new or changed quality rule may fail runs, or send records to quarantine', todo: 'begin with severity: warning, and look at the results in the manifests' },
  'rule-changed': { risk: 'harmless', why: 'the rule records or warns, and stops nothing', todo: 'nothing' },
  'rule-removed': { risk: 'harmless', why: 'what passed passes', todo: 'nothing' },
  'lineage-added': { risk: 'harmless', why: 'batches from before have NULL in the columns', todo: 'curate anew where earlier rows must be followed too' },
  'lineage-removed': { risk: 'breaking', why: 'queries that name the columns fail, and a compaction leaves them out of what it joins', todo: 'see that nobody reads them; of an Iceberg table drop them' },
  'dataset-other': { risk: 'risky', why: 'rows may differ from now on', todo: 'compare a batch curated with both' },

  'column-added': { risk: 'harmless', why: 'batches from before have NULL in it, and targets get the column', todo: 'with header: exact the source must send it from the same batch on' },
  'column-added-strict': { risk: 'breaking', why: 'under policy strict, batches curated before are no longer loaded, and targets do not get the column', todo: 'load what is pending first and add the column to targets, or set headraceSchemaPolicy: evolve' },
  'column-added-required': { risk: 'breaking', why: 'batches curated before have no value for it', todo: 'add it without required, or curate and load anew' },
  'column-removed': { risk: 'breaking', why: 'queries that name it fail; batches curated before are loaded under policy permissive only', todo: 'see that nobody reads it and load what is pending first; with header: exact the source must stop sending it' },
  'column-renamed': { risk: 'breaking', why: 'for readers, files and targets it is one column removed and one added', todo: 'keep the name, and change headraceSource where the source renamed it' },
  'column-order': { risk: 'risky', why: 'fields are matched in order: with header: exact by the header, with none by position', todo: 'see that the source sends them so from the same batch on' },
  'type-widened': { risk: 'risky', why: 'stored values fit; the target column has the narrower type, and loads widen it only where the database need not write the table anew, else they refuse it', todo: 'alter the target column before the next load where it holds numbers, or a DBA makes tables' },
  'type-widened-strict': { risk: 'breaking', why: 'under policy strict, batches curated before are no longer loaded', todo: 'set headraceSchemaPolicy: evolve and alter the target column' },
  'type-widened-unread': { risk: 'breaking', why: 'Athena does not read the whole numbers in files of before as decimals, so queries of the table fail until the last of these is gone', todo: 'add a column of another name, or curate all batches anew' },
  'type-changed': { risk: 'breaking', why: 'stored values need not fit the new type: views and loads of earlier batches fail', todo: 'add a column of another name, or curate all batches anew and load into a new table' },
  'members-changed': { risk: 'breaking', why: 'stored objects have the members of before, under every policy: engines do not all read them as objects with others, so loads of earlier batches are refused', todo: 'add a column beside it that reads the new value by its path, or curate all batches anew and load into a new table' },
  'required-added': { risk: 'breaking', why: 'stored rows may hold NULL, so batches curated before are no longer loaded; records without a value are rejected', todo: 'declare headraceDefault, curate anew, or leave it nullable' },
  'required-dropped': { risk: 'risky', why: 'readers may meet NULL, and a NOT NULL column of a target is refused', todo: 'drop NOT NULL in targets before the next load' },
  'required-dropped-strict': { risk: 'breaking', why: 'under policy strict, batches curated before are no longer loaded', todo: 'set headraceSchemaPolicy: evolve, and drop NOT NULL in targets' },
  'unique-added': { risk: 'risky', why: 'runs with values that stand twice fail', todo: 'count them first: a quality rule duplicateValues with severity warning' },
  'unique-dropped': { risk: 'risky', why: 'readers that relied on it may meet values twice', todo: 'tell them' },
  'check-added': { risk: 'risky', why: 'records that passed may be rejected; stored rows are not checked again', todo: 'count them first: a quality rule invalidValues with severity warning' },
  'check-changed': { risk: 'risky', why: 'records that passed may be rejected, or readers may meet values that were rejected before', todo: 'compare it with stored values' },
  'check-dropped': { risk: 'risky', why: 'readers may meet values that were rejected before', todo: 'tell them' },
  'reading-changed': { risk: 'risky', why: 'raw batches that are not curated yet are read by it: another field, form or text for true and false', todo: 'curate what is pending first, and see that the source changes with it' },
  'default-changed': { risk: 'risky', why: 'NULL becomes another value from now on, not in stored rows', todo: 'curate anew where earlier batches must follow it' },
  'transform-changed': { risk: 'risky', why: 'the column is computed otherwise from now on, not in stored rows', todo: 'curate anew where earlier batches must follow it' },
  'mask-changed': { risk: 'breaking', why: 'another value is stored: of another type, or none at all', todo: 'curate all batches anew and load into a new table; Raw holds clear values still' },
  'mask-text': { risk: 'risky', why: 'the column keeps its type and holds other values from now on; earlier ones stay as they are stored', todo: 'curate anew where earlier batches must be masked alike' },
  'column-text': { risk: 'harmless', why: 'descriptions and classifications change nothing that runs', todo: 'nothing' },
  'column-other': { risk: 'risky', why: 'rows may differ from now on', todo: 'compare a batch curated with both' },
} as const satisfies Record<string, Change>;

export type ContractChangeKind = keyof typeof CONTRACT_CHANGES;

/** One difference between two versions of a contract. */
export interface ContractChange {
  readonly kind: ContractChangeKind;
  readonly risk: ChangeRisk;
  /** `flights`, `flights.fare`, or `contract`. */
  readonly at: string;
  /** What it was and what it is. */
  readonly message: string;
  readonly why: string;
  readonly todo: string;
}

export function contractChange(kind: ContractChangeKind, at: string, message: string): ContractChange {
  return { kind, at, message, ...CONTRACT_CHANGES[kind] };
}
