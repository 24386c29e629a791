import { writeSync } from 'node:fs';
import { startRun } from '../../src/client/client';

/** Points between two lines that say how far it is. */
const POINTS_PER_LINE = 100;

/**
 * A training that says its run's id, and then every now and then which step is on the disk. It never ends, or after so
 * many STEPS, and then without a word to its run.
 */
async function train(): Promise<void> {
  const run = await startRun({
    ...{ experiment: 'killed', capture: false, requestTimeoutMs: 1_000 },
    onWarning: () => undefined,
  });
  writeSync(1, `${run.id}\n`);
  const steps = Number(process.env.STEPS ?? Infinity);
  for (let step = 0; step < steps; step += 1) {
    run.log({ loss: 1 / (step + 1) }, { step });
    if (step % POINTS_PER_LINE !== POINTS_PER_LINE - 1) continue;
    await run.flush({ timeoutMs: 1 });
    writeSync(1, `${step}\n`);
  }
  process.exit();
}

void train();
