import { readFile } from 'node:fs/promises';
import { FRESH_MS, GpuLoad, REST_MS } from '../../../../src/serving/gpu/gpu-load';
import { GPU_QUERY, readGpus } from '../../../../src/serving/gpu/gpu-reading';
import { fakeNvidiaSmi, says, TWO_CARDS } from '../../../support/nvidia-smi';

const MEBIBYTE = 1024 ** 2;
const CARDS = [
  {
    index: 0,
    uuid: 'GPU-6a5f1c8e-0f7d-6c5c-9d2a-3f0b6d1e2a4b',
    name: 'NVIDIA H100 80GB HBM3',
    utilisation: 0.37,
    memoryUsedBytes: 1843 * MEBIBYTE,
    memoryTotalBytes: 81559 * MEBIBYTE,
    temperatureC: 41,
    powerW: 118.32,
    powerLimitW: 700,
  },
  {
    index: 1,
    uuid: 'GPU-0d0b1a52-7a0c-11ee-8c99-0242ac120002',
    name: 'NVIDIA A30, rev. 2',
    utilisation: null,
    memoryUsedBytes: 5 * MEBIBYTE,
    memoryTotalBytes: 24564 * MEBIBYTE,
    temperatureC: 33,
    powerW: null,
    powerLimitW: null,
  },
];

test('cards are read with what they tell, and null for what they do not', () => {
  expect(readGpus(TWO_CARDS)).toEqual(CARDS);
});

test.each([
  ['nothing', ''],
  ['no card', 'No devices were found'],
  ['an error', 'NVIDIA-SMI has failed because it couldn’t communicate with the NVIDIA driver.'],
  ['fields in another order', 'GPU-6a5f1c8e, 0, 37'],
  ['other bytes', '\u0000\u0001\n,,,,,,,,\n-1, GPU-x, 1, 2, 3'],
])('%s is no card', (_what, text) => {
  expect(readGpus(text)).toEqual([]);
});

test('numbers that are none are unknown, whatever stands beside them', () => {
  const [card] = readGpus('0, GPU-a, NaN, -5, 0x10, 1e9, [Unknown Error], , ');
  expect(card).toMatchObject({ utilisation: null, memoryUsedBytes: null, memoryTotalBytes: null, name: '' });
});

describe('the program', () => {
  let nowMs = 0;
  const undo: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const work of undo.splice(0)) await work();
  });

  async function loadWith(script: string, limitMs = 60_000) {
    const { path, remove } = await fakeNvidiaSmi(script);
    const load = new GpuLoad({
      environment: { PATH: path },
      nowMs: () => nowMs,
      limitMs,
    });
    undo.push(() => load.stop(), remove);
    return { load, calls: () => lines(`${path.split(':')[0]}/calls`) };
  }
  const COUNT = 'echo "$@" >> "$(dirname "$0")/calls"\n';
  const lines = async (path: string) => (await readFile(path, 'utf8')).trim().split('\n');

  test('is asked what we read, once for all who look within two seconds', async () => {
    const { load, calls } = await loadWith(COUNT + says(TWO_CARDS));
    expect(await Promise.all([load.devices(), load.devices()])).toEqual([CARDS, CARDS]);
    nowMs += FRESH_MS - 1;
    await load.devices();
    expect(await calls()).toEqual([`--query-gpu=${GPU_QUERY.join(',')} --format=csv,noheader,nounits`]);
    nowMs += 1;
    expect(await load.devices()).toEqual(CARDS);
    expect(await calls()).toHaveLength(2);
  });

  test('that fails is left alone for a minute', async () => {
    const { load, calls } = await loadWith(`${COUNT}${says(TWO_CARDS)}\nexit 9`);
    expect(await load.devices()).toEqual([]);
    nowMs += REST_MS - 1;
    expect(await load.devices()).toEqual([]);
    expect(await calls()).toHaveLength(1);
    nowMs += 1;
    await load.devices();
    expect(await calls()).toHaveLength(2);
  });

  test('that hangs keeps nobody longer than its limit, though its children hold the pipe', async () => {
    const { load } = await loadWith('sleep 60', 100);
    const startedAt = performance.now();
    expect(await load.devices()).toEqual([]);
    expect(performance.now() - startedAt).toBeLessThan(50_000);
  });

  test('that never stops talking is ended', async () => {
    const { load } = await loadWith('while true; do echo noise; done');
    expect(await load.devices()).toEqual([]);
  });

  test('that is not there, or is no program, means that there are no cards', async () => {
    for (const path of ['/nonexistent', '']) {
      const load = new GpuLoad({ environment: { PATH: path }, nowMs: () => nowMs });
      expect(await load.devices()).toEqual([]);
      await load.stop();
    }
    const { load } = await loadWith(says(TWO_CARDS));
    await load.stop();
    expect(await load.devices()).toEqual([]); // stopped: nothing is begun any more
  });

  test('under way is ended when the server stops', async () => {
    const { load } = await loadWith('exec sleep 20');
    const devices = load.devices();
    await load.stop();
    expect(await devices).toEqual([]);
  });
});
