/**
 * Which messages of a batch a function says have failed, as Lambda reads its answer for `ReportBatchItemFailures`.
 *
 * Nothing, or an empty list, is success. An answer that Lambda cannot read, or that names a message which is not in the batch, is the failure of
 * the whole batch.
 */
export function failedMessages(answer: unknown, ids: readonly string[]): readonly string[] {
  if (answer === null || answer === undefined) return [];
  const { batchItemFailures = [] } = typeof answer === 'object' ? answer as { batchItemFailures?: unknown } : {};
  if (batchItemFailures === null) return [];
  if (!Array.isArray(batchItemFailures)) return ids;
  const named = batchItemFailures.map((item) => (item as { itemIdentifier?: unknown } | null)?.itemIdentifier);
  return named.every((id) => ids.includes(id as string)) ? named as string[] : ids;
}
