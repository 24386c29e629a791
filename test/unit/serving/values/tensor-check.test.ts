import type { TensorSpec } from '../../../../src/kernel/tensors/tensor';
import { checkTensors } from '../../../../src/serving/values/tensor-check';

const SPECS: readonly TensorSpec[] = [{ name: 'x', datatype: 'FP32', shape: [1] }];
const input = (name: string) => ({ name, datatype: 'FP32', shape: [1], data: [1] });
const issuesOf = (...names: string[]) => {
  const checked = checkTensors(names.map(input), SPECS, false, false);
  return checked.ok ? [] : checked.error.issues.map(({ path, expected }) => `${path}: ${expected}`);
};

test('an input that comes again is told', () => {
  expect(issuesOf('x', 'x')).toEqual(['inputs[1].name: each input once']);
});

test('one that the model does not have is told as such, and compared with no other', () => {
  expect(issuesOf('x', 'z', 'z')).toEqual(['inputs[1].name: one of x', 'inputs[2].name: one of x']);
});
