/** Lets so many pieces of work go on at once; the others wait, first come, first served. */
export class Turns {
  private readonly waiting: (() => void)[] = [];
  private free: number;

  constructor(count: number) {
    this.free = count;
  }

  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.free > 0) this.free--;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.free++;
    }
  }
}

/**
 * Does the work for each, as their turns come. What has failed for one is not begun for those who still wait.
 *
 * @returns the first failure; undefined where there was none
 */
export async function inTurns<Item>(
  items: readonly Item[],
  turns: Turns,
  work: (item: Item) => Promise<void>,
): Promise<Error | undefined> {
  let failure: Error | undefined;
  const one = async (item: Item): Promise<void> => {
    if (failure) return;
    await work(item).catch((error: Error) => (failure ??= error));
  };
  await Promise.all(items.map((item) => turns.take(() => one(item))));
  return failure;
}
