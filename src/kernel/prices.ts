import type { Variables } from './artifacts/s3-config';

/** What an hour costs, by whose it is; null: nobody has said. */
export interface Prices {
  /** Of a worker whose models run on the processor. */
  readonly processor: number | null;
  /** Of a worker whose models run on an accelerator. */
  readonly accelerator: number | null;
  /** Of calls to a server that is not ours. */
  readonly remote: number | null;
  /** As the operator writes it; null: not said. */
  readonly currency: string | null;
}

const PRICE = /^\d{1,9}(\.\d{1,9})?$/;

/** Null where nothing has a price. */
export function parsePrices({ text, problems }: Pick<Variables, 'text' | 'problems'>): Prices | null {
  const price = (name: string): number | null => {
    const raw = text(name);
    if (raw === undefined) return null;
    if (PRICE.test(raw)) return Number(raw);
    problems.push(`${name}: expected a number such as 0.35, got “${raw}”.`);
    return null;
  };
  const processor = price('WORKER_PRICE_PER_HOUR');
  const accelerator = price('GPU_PRICE_PER_HOUR') ?? processor;
  const remote = price('REMOTE_PRICE_PER_HOUR');
  const currency = text('WORKER_PRICE_CURRENCY') ?? null;
  if (currency !== null && !/^[^\s\p{C}]{1,16}$/u.test(currency))
    problems.push('WORKER_PRICE_CURRENCY: expected a word of at most 16 characters, for example EUR.');
  const isPriced = [processor, accelerator, remote].some((known) => known !== null);
  return isPriced ? { processor, accelerator, remote, currency } : null;
}
