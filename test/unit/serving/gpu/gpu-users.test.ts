import type { WorkerStatus } from '../../../../src/serving/execution/backend';
import { readGpus } from '../../../../src/serving/gpu/gpu-reading';
import { withUsers } from '../../../../src/serving/gpu/gpu-users';
import { TWO_CARDS } from '../../../support/nvidia-smi';

const cards = readGpus(TWO_CARDS);
const worker = (id: number, provider: string | null): WorkerStatus => ({
  ...{ id, pid: null, state: 'idle', provider, skippedProviders: [], restarts: 0, models: [] },
  ...{ rssBytes: 0, budgetBytes: 0 },
});
const onCuda = [worker(0, 'cuda'), worker(1, 'tensorrt')];

/** Of each card, the workers on it. */
const users = (environment: Record<string, string>, workers = onCuda, of = cards) =>
  withUsers(of, workers, environment).map((card) => card.workers);

test('the only card is that of the worker on CUDA, and of none on the processor, elsewhere or down', () => {
  const [card] = cards;
  expect(users({}, [worker(0, 'cuda')], card && [card])).toEqual([[0]]);
  for (const provider of ['cpu', 'webgpu', null])
    expect(users({}, [worker(0, provider)], card && [card])).toEqual([[]]);
});

test('of several cards, that of a worker is known by its UUID or the beginning of it', () => {
  expect(users({ CUDA_VISIBLE_DEVICES: 'GPU-0d0b1a52,GPU-6a5f1c8e-0f7d-6c5c-9d2a-3f0b6d1e2a4b' })).toEqual([
    [1],
    [0],
  ]);
});

test('CUDA’s numbers are those of the driver where it is told to count as the driver does, and else say nothing', () => {
  expect(users({ CUDA_VISIBLE_DEVICES: '1,0' })).toEqual([[], []]);
  expect(users({ CUDA_VISIBLE_DEVICES: '1,0', CUDA_DEVICE_ORDER: 'PCI_BUS_ID' })).toEqual([[1], [0]]);
  expect(users({ CUDA_DEVICE_ORDER: 'PCI_BUS_ID' }, [worker(0, 'cuda')])).toEqual([[0], []]);
});
