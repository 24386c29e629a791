/** Tells the story on standard output: numbered steps, and lines below them. */
export class Narrator {
  private steps = 0;

  step(title: string): void {
    this.steps += 1;
    process.stdout.write(`\n${this.steps}. ${title}\n`);
  }

  say(...lines: readonly string[]): void {
    for (const line of lines) process.stdout.write(`   ${line}\n`);
  }

  /** A line as it is, so that it can be pasted. */
  plain(line: string): void {
    process.stdout.write(`${line}\n`);
  }
}
