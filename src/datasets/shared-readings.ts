/**
 * Readings under way. Who asks for what is being read already waits for the same answer: two callers with one large
 * file, or one who has lost patience and asks again, do not take two of the few places.
 */
export class SharedReadings<Result> {
  private readonly underWay = new Map<string, Promise<Result>>();

  /** @param name of what is read: the same name is the same answer */
  share(name: string, read: () => Promise<Result>): Promise<Result> {
    const known = this.underWay.get(name);
    if (known) return known;
    const reading = read().finally(() => this.underWay.delete(name));
    this.underWay.set(name, reading);
    return reading;
  }
}
