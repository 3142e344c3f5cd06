import { requireContract, type Contract, type Dataset } from '../contract';
import { userError } from '../errors/pipeline-error';
import type { Abortable, ObjectRef, ObjectStore } from '../stores/object-store';

/** Reads the stage's contract. */
export async function readContract(store: ObjectStore, ref: ObjectRef, options: Abortable = {}): Promise<Contract> {
  const found = await store.getText(ref, options);
  if (found === undefined) throw userError('CONTRACT', `there is no contract at s3://${ref.bucket}/${ref.key}; deploy the stage again`, { ...ref });
  return requireContract(found.value, ref.key);
}

/** The dataset that a work document names. */
export function datasetOf(contract: Contract, name: string): Dataset {
  const dataset = contract.datasets.find((candidate) => candidate.name === name);
  if (dataset === undefined) throw userError('CONTRACT', `dataset ${name} is not in contract ${contract.id} ${contract.version}; it was planned with another contract, start a new attempt`, { dataset: name });
  return dataset;
}
