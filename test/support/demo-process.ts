import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** Lines that tell why it ended. */
const LAST_LINES = 15;
const BUILT_DEMO = join(__dirname, '../../dist/examples/penguins/main.js');

/** A run of the demo against a server that is there already, in a process of its own. */
export class DemoProcess {
  private readonly lines: string[] = [];
  private wake = () => {};

  private constructor(
    private readonly child: ChildProcess,
    readonly exited: Promise<number | null>,
  ) {}

  static start({ url, key }: { readonly url: string; readonly key: string }): DemoProcess {
    const child = spawn(process.execPath, ['--enable-source-maps', BUILT_DEMO], {
      env: { PATH: process.env.PATH, MODELGRAPH_URL: url, MODELGRAPH_KEY: key },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const exited = new Promise<number | null>((resolve) => child.on('close', resolve));
    const demo = new DemoProcess(child, exited);
    for (const input of [child.stdout, child.stderr]) {
      createInterface({ input }).on('line', (line) => {
        demo.lines.push(line);
        demo.wake();
      });
    }
    return demo;
  }

  /** What it has printed last, for whoever wants to know why it ended. */
  get lastLines(): string {
    return this.lines.slice(-LAST_LINES).join('\n');
  }

  /** Waits until it has printed a line like each of these, one after the other. */
  async printed(...patterns: readonly RegExp[]): Promise<void> {
    const ended = this.exited.then(() => true);
    let read = 0;
    for (const pattern of patterns) {
      for (; ; read += 1) {
        while (read === this.lines.length) {
          const more = new Promise<false>((resolve) => (this.wake = () => resolve(false)));
          if (await Promise.race([more, ended]))
            throw new Error(`The demo ended without ${pattern}:\n${this.lastLines}`);
        }
        if (pattern.test(this.lines[read] ?? '')) break;
      }
    }
  }

  /** It should not outlive a test that has failed. */
  kill(): void {
    this.child.kill('SIGKILL');
  }
}
