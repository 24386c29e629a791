import { hasPolicy, type Model, type ModelPolicy } from '../../../../src/registry/models/model';

const policy: ModelPolicy = {
  optimizing: { key: 'accuracy', direction: 'MAXIMIZE', tolerance: 0 },
  limits: [
    { key: 'accuracy', comparison: 'GTE', value: 0.9 },
    { key: 'latency_p99_ms', comparison: 'LTE', value: 50 },
  ],
};
const model = { ...policy, name: 'fraud' } as Model;

test('the order of limits means nothing', () => {
  expect(hasPolicy(model, { ...policy, limits: [...policy.limits].reverse() })).toBe(true);
});

test('every part of a policy counts', () => {
  expect(hasPolicy({ ...model, optimizing: null }, policy)).toBe(false);
  expect(hasPolicy(model, { ...policy, optimizing: { ...policy.optimizing, tolerance: 0.1 } })).toBe(false);
  expect(hasPolicy(model, { ...policy, optimizing: { ...policy.optimizing, direction: 'MINIMIZE' } })).toBe(
    false,
  );
  expect(hasPolicy(model, { ...policy, optimizing: { ...policy.optimizing, key: 'f1' } })).toBe(false);
  expect(hasPolicy(model, { ...policy, limits: policy.limits.slice(1) })).toBe(false);
});
