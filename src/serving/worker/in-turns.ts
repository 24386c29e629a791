import type { Turns } from '../../kernel/turns';

/**
 * Does the work for each, as their turns come. What has failed for one is not begun for those who still wait.
 *
 * @returns the first failure; undefined where there was none
 */
export async function inTurns<Item>(
  items: readonly Item[],
  turns: Turns,
  work: (item: Item) => Promise<unknown>,
): Promise<Error | undefined> {
  let failure: Error | undefined;
  const one = async (item: Item): Promise<void> => {
    if (failure) return;
    await work(item).catch((error: Error) => (failure ??= error));
  };
  await Promise.all(items.map((item) => turns.take(() => one(item))));
  return failure;
}
