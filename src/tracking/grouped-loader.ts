import DataLoader from 'dataloader';

/** What a field asks of one owner, beside whose it is: its arguments. */
export interface Asked<Owner extends string, Arguments> {
  readonly owner: Owner;
  readonly arguments: Arguments;
}

/** Loads a field that has arguments: one call of `load` for all owners that are asked with the same arguments. */
export function groupedLoader<Owner extends string, Arguments, Value>(
  load: (owners: readonly Owner[], args: Arguments) => Promise<readonly Value[]>,
): DataLoader<Asked<Owner, Arguments>, Value, string> {
  return new DataLoader(
    async (asked) => {
      const groups = new Map<string, { readonly args: Arguments; readonly indexes: number[] }>();
      asked.forEach((one, index) => {
        const key = JSON.stringify(one.arguments);
        const group = groups.get(key) ?? { args: one.arguments, indexes: [] };
        groups.set(key, group);
        group.indexes.push(index);
      });
      const values: Value[] = [];
      for (const { args, indexes } of groups.values()) {
        const owners = indexes.map((index) => (asked[index] as Asked<Owner, Arguments>).owner);
        const loaded = await load(owners, args);
        indexes.forEach((index, place) => (values[index] = loaded[place] as Value));
      }
      return values;
    },
    { cacheKeyFn: (one) => JSON.stringify(one) },
  );
}
