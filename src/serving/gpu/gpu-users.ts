import type { WorkerStatus } from '../execution/backend';
import { planWorkers } from '../worker/devices';
import type { GpuDevice, UsedGpu } from './gpu-reading';

/** Execution providers that compute on the card that CUDA shows them first. */
const ON_CUDA: readonly string[] = ['cuda', 'tensorrt'];

/**
 * The cards of a machine with the workers that are known to compute on them. CUDA counts cards by another order than
 * their driver, unless it is told otherwise, so that a number tells nothing where there are several.
 *
 * @param workers all of one pool
 * @param environment what the pool's processes are given
 */
export function withUsers(
  cards: readonly GpuDevice[],
  workers: readonly WorkerStatus[],
  environment: Readonly<Record<string, string>>,
): readonly UsedGpu[] {
  const options = { providers: ON_CUDA, environment, intraOpNumThreads: 1 };
  const { first } = planWorkers(workers.length, options);
  const isInOrder = cards.length === 1 || environment['CUDA_DEVICE_ORDER'] === 'PCI_BUS_ID';
  const isOn = ({ id, provider }: WorkerStatus, card: GpuDevice) => {
    if (provider === null || !ON_CUDA.includes(provider)) return false;
    const shown = first[id]?.environment['CUDA_VISIBLE_DEVICES'] ?? '0';
    return shown.startsWith('GPU-') ? card.uuid.startsWith(shown) : isInOrder && shown === String(card.index);
  };
  return cards.map((card) => ({
    ...card,
    workers: workers.filter((worker) => isOn(worker, card)).map(({ id }) => id),
  }));
}
