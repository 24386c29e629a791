/** What is to be done when this turn of the event loop is over: once for many, since each timer costs something. */
export class TurnEnd {
  private tasks: (() => void)[] = [];

  add(task: () => void): void {
    if (this.tasks.push(task) === 1) setImmediate(this.run);
  }

  private readonly run = () => {
    const tasks = this.tasks;
    this.tasks = [];
    for (const task of tasks) task();
  };
}
