import { RefusedModels } from '../../../../src/serving/fleet/refused-models';

let nowMs = 1_000;
let models: RefusedModels;

beforeEach(() => {
  models = new RefusedModels(() => nowMs);
  models.told([
    { sha256: 'held', reason: 'It kills.', retryAfterMs: 5_000 },
    { sha256: 'old', reason: 'It kills.' },
  ]);
});

test('the time that a model is held back for goes on after it was said', () => {
  expect(models.of('held')).toEqual({ reason: 'It kills.', retryAfterMs: 5_000 });
  nowMs += 1_200.5;
  expect(models.of('held')).toEqual({ reason: 'It kills.', retryAfterMs: 3_800 });
  expect(models.awaitsTrial('held')).toBe(false);
  expect(models.of('other')).toBeUndefined();
  expect(models.of('old')).toEqual({ reason: 'It kills.', retryAfterMs: undefined });
});

test('when it is over, one run at a time may try, and none where the worker does not say for how long', async () => {
  nowMs += 10_000;
  expect([models.awaitsTrial('held'), models.awaitsTrial('old')]).toEqual([true, false]);
  let finish: () => void = () => undefined;
  const trial = models.during('held', () => new Promise<void>((resolve) => (finish = resolve)));
  expect(models.awaitsTrial('held')).toBe(false);
  await models.during('held', () => Promise.resolve()); // one that was chosen before ends no trial
  expect(models.awaitsTrial('held')).toBe(false);
  finish();
  await trial;
  expect(models.awaitsTrial('held')).toBe(true);
  models.told([]);
  expect(models.of('held')).toBeUndefined();
});
