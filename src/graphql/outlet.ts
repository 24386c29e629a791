/** Where one subscriber's events go, in order. */
export interface Outlet {
  /**
   * Takes a result that is text already; never waits.
   *
   * @param payload the JSON of an execution result
   */
  send(payload: string): void;
  /** Whether so much is on its way that nothing should be added. */
  isFull(): boolean;
  /** Resolves when there is room, at once where there is, and also when nobody is there any more. */
  hasRoom(): Promise<void>;
}
