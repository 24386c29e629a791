import type { Client } from '../client';
import type { Narrator } from '../narrator';
import { CREATE_MODEL, type Limit, type Model } from '../operations/registry';
import { expectMember } from '../outcome';
import { shortNumber } from '../wording';

export const MODEL = 'penguins';

const OPTIMIZING = {
  key: 'val_log_loss',
  direction: 'MINIMIZE',
  tolerance: 0.005, // two trainings that differ in nothing but the seed are closer than this
} as const;

const LIMITS: readonly Limit[] = [
  { key: 'accuracy', comparison: 'GTE', value: 0.9 },
  { key: 'model_size_bytes', comparison: 'LTE', value: 64 * 1024 },
  { key: 'latency_p99_ms', comparison: 'LTE', value: 50 }, // one row on a busy laptop takes about 1 ms
];

/** Says what this model is to be best at, and what every version of it must satisfy. */
export async function declareModel(client: Client, narrator: Narrator): Promise<void> {
  narrator.step('Declare the model: what it should be best at, and what it must satisfy');
  const input = {
    name: MODEL,
    description: 'Species of a penguin, from what a ranger can measure.',
    optimizing: OPTIMIZING,
    limits: LIMITS,
  };
  const { createModel } = await client.call(CREATE_MODEL, { input });
  const { model, created } = expectMember(createModel, 'CreateModelSuccess');
  narrator.say(`${model.name} (${created ? 'new' : 'known already'})`, ...policyLines(model));
}

function policyLines({ optimizing, limits }: Model): string[] {
  const sign = { LTE: '≤', GTE: '≥' };
  const best = optimizing
    ? [
        `optimizing ${optimizing.key} (${optimizing.direction}, tolerance ${shortNumber(optimizing.tolerance)})`,
      ]
    : [];
  return [
    ...best,
    ...limits.map(({ key, comparison, value }) => `limit ${key} ${sign[comparison]} ${shortNumber(value)}`),
  ];
}
