import { setTimeout as pause } from 'node:timers/promises';
import type { ApiClient } from './api-client';
import { heavy } from './onnx-models';
import { RegistryClient } from './registry-client';
import { deployEndpoint, predict } from './serving-client';

const VERSIONS = 6;
/** Answers between two swaps. */
const STEADY = 40;

/**
 * When a version took traffic, as its caller can know: from before the swap to it was asked for, to after the next was
 * answered.
 */
interface Life {
  readonly ref: string;
  readonly from: number;
  to: number;
}

export interface Swapped {
  readonly server: ApiClient;
  stop(): Promise<void>;
}

export interface SwapLoad {
  /** Predictions asked, however long their answers take. */
  readonly requestsPerSecond: number;
  /** Of each version; absent: large enough that loading takes a worker's time. */
  readonly modelBytes?: number;
}

/** Tests that swap versions under load, whoever runs the models. */
export function testVersionSwaps(
  { requestsPerSecond, modelBytes = 8 * 1024 ** 2 }: SwapLoad,
  start: () => Promise<Swapped>,
): void {
  let server: ApiClient;
  let stop: () => Promise<void>;
  let registry: RegistryClient;
  const refs: string[] = [];

  beforeAll(async () => {
    const started = await start();
    server = started.server;
    stop = () => started.stop();
    registry = new RegistryClient(server);
    for (let seed = 0; seed < VERSIONS; seed++)
      refs.push(await registry.version('steps', heavy(modelBytes, seed)));
  });
  afterAll(() => stop());

  const ref = (version: number): string => refs[version] ?? '';
  const input = { inputs: [{ name: 'i', datatype: 'INT64', shape: [1, 1], data: [5] }] };

  function mustBe(expected: string, { __typename, message }: { __typename: string; message: string }): void {
    if (__typename !== expected) throw new Error(`${__typename}: ${message}`);
  }
  const promote = async (version: number): Promise<void> =>
    mustBe('PromoteModelVersionSuccess', await registry.promote(ref(version), 'production'));
  const rollBack = async (): Promise<void> =>
    mustBe('RollbackAliasSuccess', await registry.rollBack('steps', 'production'));
  /** @param name absent: the variant is called by its reference, so that it is another one each time */
  const deploy = async (to: string, name?: string): Promise<void> =>
    mustBe('DeployEndpointSuccess', await deployEndpoint(server, 'scores', [{ ref: to, weight: 1, name }]));

  test(`ten swaps of versions under ${requestsPerSecond} requests a second: none fails, and no version answers that was not live`, async () => {
    await promote(0);
    await deploy('steps@production', 'main');
    const lives: Life[] = [{ ref: ref(0), from: performance.now(), to: Infinity }];
    const problems: string[] = [];
    let answers = 0;
    let isOver = false;
    const ask = async () => {
      const askedAt = performance.now();
      const { __typename, message, version, outputs } = await predict(server, {
        endpoint: 'scores',
        ...input,
      });
      const answeredAt = performance.now();
      if (__typename !== 'PredictSuccess') problems.push(`${__typename}: ${message}`);
      else if (outputs[0]?.data[0] !== 5 + refs.indexOf(version.ref))
        problems.push(`${version.ref} gave another version's answer`);
      else if (
        !lives.some((life) => life.ref === version.ref && life.from <= answeredAt && askedAt <= life.to)
      )
        problems.push(`${version.ref} answered what was asked at ${askedAt}: ${JSON.stringify(lives)}`);
      answers++;
    };
    const steady = async (until = answers + STEADY) => {
      while (answers < until && problems.length === 0) await pause(1);
    };
    const swap = async (version: number, work: () => Promise<void>) => {
      await steady();
      const before = lives.at(-1);
      lives.push({ ref: ref(version), from: performance.now(), to: Infinity });
      await work();
      if (before) before.to = performance.now();
    };
    const noting = () => ask().catch((error: Error) => void problems.push(error.message));
    const load = askSteadily(requestsPerSecond, noting, () => isOver || problems.length > 0);
    try {
      await swap(1, () => promote(1));
      await swap(2, () => promote(2));
      await swap(1, () => rollBack());
      await swap(3, () => promote(3));
      await swap(4, () => deploy(ref(4), 'main'));
      await swap(5, () => deploy(ref(5)));
      await swap(2, () => deploy(ref(2)));
      await swap(3, () => deploy('steps@production', 'main'));
      await swap(5, () => promote(5));
      await swap(3, () => rollBack());
      await steady();
    } finally {
      isOver = true;
      await load;
    }
    expect(problems).toEqual([]);
    const asked = await load;
    expect(answers).toBe(asked);
    expect(asked).toBeGreaterThanOrEqual(11 * STEADY);
  });

  test('a rollback finds its version still on the workers, and is answered within 100 ms', async () => {
    await deploy('steps@production', 'main');
    const times: number[] = [];
    // The fastest counts: this machine may have much else to do.
    for (let round = 0; round < 5 || (round < 50 && Math.min(...times) >= 100); round++) {
      await promote(4);
      expect((await predict(server, { endpoint: 'scores', ...input })).version.ref).toBe(ref(4));
      const startedAt = performance.now();
      await rollBack();
      times.push(performance.now() - startedAt);
      expect((await predict(server, { endpoint: 'scores', ...input })).version.ref).toBe(ref(3));
    }
    expect(Math.min(...times)).toBeLessThan(100);
  });
}

/**
 * Asks at a rate, whatever the answers take: what was due while this process had no time is asked at once afterwards.
 */
async function askSteadily(rate: number, ask: () => Promise<void>, isOver: () => boolean): Promise<number> {
  const startedAt = performance.now();
  const passedS = () => (performance.now() - startedAt) / 1_000;
  const asked: Promise<void>[] = [];
  while (!isOver()) {
    while (asked.length < passedS() * rate) asked.push(ask());
    await pause(1);
  }
  await Promise.all(asked);
  return asked.length;
}
