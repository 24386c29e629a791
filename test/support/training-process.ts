import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { program } from '../../src/kernel/program';

/** A training in a process of its own: one that can be killed. */
export class TrainingProcess {
  runId = '';
  /** The last step of which it has said that it is on the disk; -1 for none. */
  lastStep = -1;
  private wake = () => {};

  /** With all that it has said. */
  readonly ended: Promise<unknown>;

  private constructor(private readonly child: ChildProcess) {
    this.ended = once(child, 'close');
  }

  /** Starts it and waits until its run is there. */
  static async start(environment: Record<string, string>): Promise<TrainingProcess> {
    const child = spawn(process.execPath, [program(join(__dirname, 'training-main'))], {
      env: { PATH: process.env.PATH, ...environment },
      cwd: environment.FOLDER,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const training = new TrainingProcess(child);
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (training.runId === '') training.runId = line;
      else training.lastStep = Number(line);
      training.wake();
    });
    child.on('exit', () => training.wake());
    await training.until(() => training.runId !== '');
    return training;
  }

  async reached(step: number): Promise<void> {
    await this.until(() => this.lastStep >= step);
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }

  private async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      if (this.child.exitCode !== null) throw new Error('The training has ended by itself.');
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }
}
