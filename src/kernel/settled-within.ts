/** Resolves when all of it has ended, however, or the time is over. */
export async function settledWithin(work: readonly Promise<unknown>[], limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => (timer = setTimeout(resolve, limitMs)));
  await Promise.race([Promise.allSettled(work), limit]);
  clearTimeout(timer);
}
