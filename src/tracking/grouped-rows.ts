/** Rows by their owners, in the order of `owners`; an empty list for one that has none. */
export function listsByOwner<Owner extends string, Row extends object>(
  owners: readonly Owner[],
  rows: readonly (Row & { readonly owner: Owner })[],
): (readonly Row[])[] {
  const lists = new Map<Owner, Row[]>(owners.map((owner) => [owner, []]));
  for (const { owner, ...row } of rows) lists.get(owner)?.push(row as unknown as Row);
  return owners.map((owner) => lists.get(owner) ?? []);
}

/** Rows by their ids, in the order of `ids`; null for one that there is not. */
export function rowsByIds<RowId extends string, Row extends { readonly id: RowId }>(
  ids: readonly RowId[],
  rows: readonly Row[],
): (Row | null)[] {
  const found = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => found.get(id) ?? null);
}
