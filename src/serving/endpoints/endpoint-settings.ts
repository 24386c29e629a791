import type { InputCheck } from '../../kernel/input-check';
import { MAX_TIMEOUT_MS } from '../execution/max-timeout';

/** How an endpoint's predictions are batched, bounded and remembered. */
export interface EndpointSettings {
  /** Most rows of one run. */
  readonly maxBatch: number;
  /** How long an idle worker waits for a batch to fill, in ms; 0: never. */
  readonly maxDelayMs: number;
  /** How long a batch may run, in ms: no batch grows beyond what is expected to take so long. */
  readonly latencyObjectiveMs: number;
  /** Most rows that wait; who comes later is refused. */
  readonly maxQueue: number;
  /** How long a caller who does not say waits for an answer, in ms. */
  readonly timeoutMs: number;
  /** How long an equal question may be answered from memory, in ms; 0: never. */
  readonly cacheTtlMs: number;
  /** Memory for remembered answers, in bytes; the longest unused are forgotten first. */
  readonly cacheMaxBytes: number;
  /** Sizes that batches are padded to, ascending; empty: none. For models that are quick for some sizes only. */
  readonly batchSizes: readonly number[];
}

/** What a caller says of them. */
export type EndpointSettingsInput = {
  readonly [Key in keyof EndpointSettings]?: EndpointSettings[Key] | null;
};

const MEBIBYTE = 1024 ** 2;

export const DEFAULT_SETTINGS: EndpointSettings = {
  maxBatch: 128, // beyond it a tiny model gains nothing more, and one caller waits for too many others
  maxDelayMs: 0, // measured: a delay of 1 ms made neither throughput nor latency better
  latencyObjectiveMs: 20, // what an interactive caller does not notice
  maxQueue: 4_096, // a quarter of a second of a small model: who comes later had better go elsewhere
  timeoutMs: 10_000, // longer than any interactive caller waits
  cacheTtlMs: 0,
  cacheMaxBytes: 64 * MEBIBYTE,
  batchSizes: [],
};

/** What each number may be: bounds, and whether it must be whole. */
const LIMITS = {
  maxBatch: { min: 1, max: 4_096, whole: true },
  maxDelayMs: { min: 0, max: 1_000, whole: false },
  latencyObjectiveMs: { min: 1, max: 60_000, whole: false },
  maxQueue: { min: 1, max: 1_000_000, whole: true },
  timeoutMs: { min: 1, max: MAX_TIMEOUT_MS, whole: true },
  cacheTtlMs: { min: 0, max: 30 * 86_400_000, whole: true },
  cacheMaxBytes: { min: MEBIBYTE, max: 1024 * MEBIBYTE, whole: true },
} as const;
/** Sizes of batches that one endpoint may name. */
const MAX_BATCH_SIZES = 16;

/** Settings as they are kept: what the caller left open follows the defaults, also those of later releases. */
export type GivenSettings = Partial<EndpointSettings>;

export const completeSettings = (given: GivenSettings): EndpointSettings => ({
  ...DEFAULT_SETTINGS,
  ...given,
});

/** What the caller said; what is wrong with it goes to `check`. */
export function checkSettings(check: InputCheck, input: EndpointSettingsInput): GivenSettings {
  const isSaid = ([, value]: readonly [string, unknown]) => value !== null && value !== undefined;
  const given: GivenSettings = Object.fromEntries(Object.entries(input).filter(isSaid));
  const settings = completeSettings(given);
  for (const [name, { min, max, whole }] of Object.entries(LIMITS)) {
    const value = settings[name as keyof typeof LIMITS];
    const fits = value >= min && value <= max && (!whole || Number.isInteger(value));
    if (!fits)
      check.add(`settings.${name}`, `a ${whole ? 'whole ' : ''}number from ${min} to ${max}`, String(value));
  }
  checkBatchSizes(check, settings);
  return given;
}

function checkBatchSizes(check: InputCheck, { batchSizes, maxBatch }: EndpointSettings): void {
  const path = 'settings.batchSizes';
  check.count(path, batchSizes.length, MAX_BATCH_SIZES);
  const isAscending = batchSizes.every(
    (size, at) => Number.isInteger(size) && size > (batchSizes[at - 1] ?? 0),
  );
  const isWhole = batchSizes.length === 0 || batchSizes.at(-1) === maxBatch;
  if (!isAscending || !isWhole)
    check.add(
      path,
      `whole numbers in ascending order, the last of them maxBatch (${maxBatch})`,
      batchSizes.join(', '),
    );
}
