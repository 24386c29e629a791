import { sampleSystem, startRun } from '../../src/client/client'; // 'modelgraph/client' in a program of its own

const EXAMPLES = 200;
const EPOCHS = 300;
const LEARNING_RATE = 0.1;

/** Fits y = 3x - 1 by gradient descent, and tells of it: small enough to read, long enough to be interrupted. */
async function train(): Promise<void> {
  const run = await startRun({
    experiment: 'a line',
    params: { learningRate: LEARNING_RATE, examples: EXAMPLES },
    onWarning: ({ message }) => console.error(message),
  });
  sampleSystem(run, { everyMs: 1_000 });
  console.log(`Run ${run.name} (${run.id}); stop the server meanwhile, and start it again.`);

  const data = Array.from({ length: EXAMPLES }, (_, index) => {
    const x = (2 * index) / EXAMPLES - 1;
    return { x, y: 3 * x - 1 + Math.sin(index * index) / 20 };
  });
  let slope = 0;
  let offset = 0;
  for (let step = 0; step < EPOCHS; step += 1) {
    const errors = data.map(({ x, y }) => ({ x, error: slope * x + offset - y }));
    const loss = mean(errors.map(({ error }) => error ** 2));
    slope -= LEARNING_RATE * 2 * mean(errors.map(({ x, error }) => x * error));
    offset -= LEARNING_RATE * 2 * mean(errors.map(({ error }) => error));
    run.log({ loss, slope, offset }, { step });
    await new Promise((resolve) => setTimeout(resolve, 20)); // a training of six seconds
  }

  // Files are not spooled: where the server is away for longer, this one is not kept.
  const line = Buffer.from(JSON.stringify({ slope, offset }));
  await run
    .logArtifact('line.json', line, { timeoutMs: 20_000 })
    .catch((error) => console.error(String(error)));
  const { delivered, spool } = await run.finish();
  console.log(`y = ${slope.toFixed(3)} x + ${offset.toFixed(3)}`);
  if (!delivered) console.log(`Not all has been sent yet: modelgraph spool send ${spool}`);
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

void train();
