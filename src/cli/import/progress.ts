import type { Terminal } from '../command';
import type { Tally } from './tally';

/** How often a person sees it move, in ms. */
const PERSON_MS = 100;
/** How often a log gets a line, in ms. */
const LOG_MS = 10_000;
const BAR_LENGTH = 20;

/** How far an import has come: a bar on one line where a person looks, now and then a line where nobody does. */
export class Progress {
  private done = 0;
  private total = 0;
  private label = '';
  private toldAt = Date.now();
  private hasBar = false;

  constructor(
    private readonly terminal: Terminal,
    private readonly tally: Tally,
  ) {}

  expectMore(runs: number): void {
    this.total += runs;
  }

  begin(label: string): void {
    this.label = label;
    this.tick();
  }

  runDone(): void {
    this.done += 1;
    this.tick();
  }

  tick = (): void => {
    const isPerson = this.terminal.showsProgress;
    if (Date.now() - this.toldAt < (isPerson ? PERSON_MS : LOG_MS)) return;
    this.toldAt = Date.now();
    const facts = `${this.done} of ${this.total} runs, ${count(this.tally.cameOf('points'))} points, ${count(this.tally.cameOf('files'))} files`;
    if (!isPerson) return this.terminal.err(`${facts}\n`);
    const line = `${bar(this.done, this.total)} ${facts}  ${printable(this.label)}`;
    this.terminal.err(`\r\u001b[2K${line.slice(0, this.terminal.width - 1)}`);
    this.hasBar = true;
  };

  /** Takes the bar away, so that what follows has its line. */
  end(): void {
    if (this.hasBar) this.terminal.err('\r\u001b[2K');
    this.hasBar = false;
  }
}

function bar(done: number, total: number): string {
  const filled = total === 0 ? BAR_LENGTH : Math.min(BAR_LENGTH, Math.floor((done / total) * BAR_LENGTH));
  return `[${'#'.repeat(filled)}${'-'.repeat(BAR_LENGTH - filled)}]`;
}

const count = (value: number): string => value.toLocaleString('en-US');

/** Names of others move no cursor. */
export const printable = (text: string): string => text.replace(/\p{C}/gu, ' ');
