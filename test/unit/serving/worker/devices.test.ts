import { planWorkers } from '../../../../src/serving/worker/devices';

const options = (providers: readonly string[], environment: Record<string, string> = {}) => ({
  providers,
  environment,
  intraOpNumThreads: 1,
});

test('workers that only use the processor are all alike', () => {
  const { first, others } = planWorkers(3, options(['cpu']));
  expect(first.map(({ providers }) => providers)).toEqual([['cpu'], ['cpu'], ['cpu']]);
  expect(others).toEqual([]);
});

test('one worker tries the device; the others are for the processor, should there be no device', () => {
  const { first, others } = planWorkers(3, options(['cuda', 'webgpu', 'cpu']));
  expect(first.map(({ providers }) => providers)).toEqual([['cuda', 'webgpu', 'cpu']]);
  expect(others.map(({ providers }) => providers)).toEqual([['cpu'], ['cpu']]);
});

test('without the processor as a last resort there is nothing for others to do', () => {
  expect(planWorkers(3, options(['cuda'])).others).toEqual([]);
});

test('where devices are named, each has a worker, which sees no other', () => {
  const { first, others } = planWorkers(
    4,
    options(['cuda', 'cpu'], { CUDA_VISIBLE_DEVICES: '0, 2', A: 'a' }),
  );
  expect(first.map(({ environment }) => environment)).toEqual([
    { CUDA_VISIBLE_DEVICES: '0', A: 'a' },
    { CUDA_VISIBLE_DEVICES: '2', A: 'a' },
  ]);
  expect(others).toHaveLength(2);
  expect(planWorkers(1, options(['cuda'], { CUDA_VISIBLE_DEVICES: '0,1' })).first).toHaveLength(1);
});
