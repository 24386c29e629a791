/**
 * Turns of the event loop that a request waits for company at most, where every turn brings some: each costs
 * microseconds beside what its requests take, and a bigger batch spares as much again.
 */
const MAX_TURNS = 4;

/**
 * Tells when those who arrive together are all there. Dispatched one by one, each would travel alone, since an idle
 * worker takes whatever comes first; and of a crowd, one turn of the event loop brings only a part. A lonely request
 * waits for nobody: only the turn is ended that it came in.
 */
export class Arrivals {
  private count = 0;
  private turns = 0;
  private isWaiting = false;

  /**
   * @param nextTurn calls back once the event loop has heard all that has come by now
   * @param allThere called once for those who came together
   */
  constructor(
    private readonly nextTurn: (task: () => void) => void,
    private readonly allThere: () => void,
  ) {}

  add(): void {
    this.count += 1;
    if (this.isWaiting) return;
    this.isWaiting = true;
    this.turns = 0;
    this.nextTurn(this.turnOver);
  }

  private readonly turnOver = (): void => {
    this.turns += 1;
    const hasCompany = this.count > (this.turns === 1 ? 1 : 0);
    this.count = 0;
    if (hasCompany && this.turns < MAX_TURNS) return this.nextTurn(this.turnOver);
    this.isWaiting = false;
    this.allThere();
  };
}
