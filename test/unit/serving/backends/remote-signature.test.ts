import { changeOf, type Declared } from '../../../../src/serving/backends/remote-signature';

const spec = (name: string, width = 1) => ({ name, datatype: 'FP32' as const, shape: [-1, width] });
const declared = (...inputs: ReturnType<typeof spec>[]): Declared => ({ inputs, outputs: [spec('y')] });

test('a model that takes and gives the same has not changed, in whichever order it says so', () => {
  expect(changeOf(declared(spec('a'), spec('b')), declared(spec('b'), spec('a')))).toBeNull();
});

test('a change is told with both', () => {
  expect(changeOf(declared(spec('a')), declared(spec('a', 2)))).toBe(
    'The remote’s model takes a FP32[-1,2] and gives y FP32[-1,1]; the version was registered with a FP32[-1,1] and ' +
      'y FP32[-1,1]. Register it again.',
  );
});

test('a change of the last of many inputs is one, too, and its sentence stays short', () => {
  const many = Array.from({ length: 60 }, (_, at) =>
    spec(`a column of a name ${String(at).padStart(2, '0')}`),
  );
  const change = changeOf(declared(...many, spec('z')), declared(...many, spec('z', 3)));
  expect(change).toMatch(/^The remote’s model takes .* Register it again\.$/);
  expect(change?.length).toBeLessThan(1_500);
});
