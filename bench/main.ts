import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { benchAlone } from './alone';
import { benchBatching } from './batching';
import type { Bench, Benchmark } from './benchmark';
import { Children } from './children';
import { benchCrowd } from './crowd';
import { benchHeavy } from './heavy';
import { benchImages } from './images';
import { benchLive } from './live';
import { benchMetricStorage } from './metric-storage';
import { benchMetrics } from './metrics';
import { benchMlflow } from './mlflow';
import { benchPredict } from './predict';
import { benchRunSearch } from './run-search';
import { keepResults, resultOf, tablesOf } from './results';
import { benchTwoProcesses } from './two-processes';
import { benchWorkers } from './workers';

const BENCHMARKS: Readonly<Record<string, Benchmark>> = {
  predict: benchPredict,
  'two-processes': benchTwoProcesses,
  images: benchImages,
  alone: benchAlone,
  heavy: benchHeavy,
  batching: benchBatching,
  metrics: benchMetrics,
  'metric-storage': benchMetricStorage,
  live: benchLive,
  mlflow: benchMlflow,
  crowd: benchCrowd,
  'run-search': benchRunSearch,
  workers: benchWorkers,
};
const ROOT = join(__dirname, '../..');
/** From the start of the process. It takes some twenty-five minutes; whatever hangs is ended, and is an error. */
const TIMEOUT_MS = 2_400_000;
const USAGE = `npm run bench [-- predict|two-processes|images|alone|heavy|batching|metrics|metric-storage|live|mlflow|crowd|run-search|workers …] [-- --quick] [-- --profile] [-- --peer-only]`;

/** Measures one after the other, prints and keeps the tables. A figure that is missed is no failure; an error is. */
async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      profile: { type: 'boolean', default: false },
      'peer-only': { type: 'boolean', default: false },
    },
  });
  const names = positionals.length > 0 ? positionals : Object.keys(BENCHMARKS);
  const unknown = names.find((name) => !BENCHMARKS[name]);
  if (unknown !== undefined) throw new Error(`There is no benchmark “${unknown}”. ${USAGE}`);
  const profileFolder = values.profile ? join(ROOT, 'dist/profiles') : null;

  const results = [];
  for (const name of names) {
    const run = BENCHMARKS[name];
    const options = { profileFolder, isQuick: values.quick, isPeerOnly: values['peer-only'] };
    if (run) results.push(resultOf(name, await inFolder(run, options)));
  }
  console.log(`\n${tablesOf(results)}`);
  // Short rounds, a server that is being profiled and half of a comparison say nothing that should be kept.
  if (!values.quick && !values.profile && !values['peer-only'])
    await keepResults(join(ROOT, 'bench'), Object.keys(BENCHMARKS), results);
  if (profileFolder !== null)
    console.log(`\nCPU profiles (open them in a browser's developer tools): ${profileFolder}`);
}

/** Whatever happens to it, a benchmark leaves no process and no file. */
async function inFolder(run: Benchmark, options: Pick<Bench, 'profileFolder' | 'isQuick' | 'isPeerOnly'>) {
  const folder = await mkdtemp(join(tmpdir(), 'modelgraph-bench-'));
  const children = new Children();
  const interrupted = () => void children.stop();
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  const timer = setTimeout(interrupted, TIMEOUT_MS - performance.now());
  try {
    return await run({ children, folder, ...options, say: (line) => console.log(line) });
  } finally {
    clearTimeout(timer);
    process.off('SIGINT', interrupted).off('SIGTERM', interrupted);
    await children.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
