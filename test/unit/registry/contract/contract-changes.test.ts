import fc from 'fast-check';
import { contractChanges, refusedRequests } from '../../../../src/registry/contract/contract-changes';
import { signature, spec } from '../signatures';

const wide = (names: readonly string[], width = names.length) =>
  signature({
    inputs: [spec('x', 'FP32', [-1, width])],
    columns: names.length > 0 ? [{ input: 'x', names }] : [],
  });

describe('what breaks the data contract', () => {
  test.each([
    [
      'an input that was added',
      { inputs: [spec('age'), spec('island', 'BYTES'), spec('mass')] },
      'input “mass” was added without default',
    ],
    ['an input that was removed', { inputs: [spec('age')] }, 'input “island” was removed'],
    [
      'an input of another type',
      { inputs: [spec('age', 'FP64'), spec('island', 'BYTES')] },
      'input “age” changed from FP32 to FP64',
    ],
    [
      'an input of another shape',
      { inputs: [spec('age', 'FP32', [-1, 1]), spec('island', 'BYTES')] },
      'input “age” changed its shape from [-1] to [-1, 1]',
    ],
    ['an output that was added', { outputs: [spec('y'), spec('z')] }, 'output “z” was added'],
    ['an output that was removed', { outputs: [spec('z')] }, 'output “y” was removed'],
    ['an output of another type', { outputs: [spec('y', 'INT64')] }, 'output “y” changed from FP32 to INT64'],
    ['labels that were given', { labels: ['no', 'yes'] }, 'the labels changed from none to [no, yes]'],
  ])('%s', (_what, after, sentence) => {
    expect(contractChanges(signature(), signature(after))).toContain(sentence);
  });

  test('labels in another order', () => {
    const [before, after] = [signature({ labels: ['no', 'yes'] }), signature({ labels: ['yes', 'no'] })];
    expect(contractChanges(before, after)).toEqual(['the labels changed from [no, yes] to [yes, no]']);
  });

  test('a column that may no longer be missing', () => {
    const [before, after] = [signature({ nullable: ['age'] }), signature()];
    expect(contractChanges(before, after)).toEqual(['column “age” may no longer be missing']);
  });

  test('columns of one tensor that changed places', () => {
    expect(contractChanges(wide(['a', 'b']), wide(['b', 'a']))).toEqual([
      'column “a” moved from place 0 to 1 of input “x”',
      'column “b” moved from place 1 to 0 of input “x”',
    ]);
  });

  test('a column of one tensor under another name', () => {
    expect(contractChanges(wide(['a', 'b']), wide(['a', 'c']))).toEqual([
      'column “b” was removed',
      'column “c” was added',
    ]);
  });
});

describe('what keeps the data contract', () => {
  test('an input that was added and may be missing: it has a default', () => {
    const after = signature({
      inputs: [spec('age'), spec('island', 'BYTES'), spec('mass')],
      nullable: ['mass'],
    });
    expect(contractChanges(signature(), after)).toEqual([]);
  });

  test('a column that may now be missing', () => {
    expect(contractChanges(signature(), signature({ nullable: ['age'] }))).toEqual([]);
  });

  test('names for columns that had none', () => {
    expect(contractChanges(wide([], 2), wide(['a', 'b']))).toEqual([]);
  });

  test('inputs and outputs in another order', () => {
    const before = signature({ outputs: [spec('y'), spec('z')] });
    const after = signature({
      inputs: [spec('island', 'BYTES'), spec('age')],
      outputs: [spec('z'), spec('y')],
    });
    expect(contractChanges(before, after)).toEqual([]);
  });
});

describe('requests that would be refused', () => {
  test('a dimension that widens refuses none, one that narrows does', () => {
    const fixed = signature({ inputs: [spec('x', 'FP32', [1, 3])] });
    const open = signature({ inputs: [spec('x', 'FP32', [-1, 3])] });
    expect(refusedRequests(fixed, open)).toEqual([]);
    expect(refusedRequests(open, fixed)).toEqual(['input “x” changed its shape from [-1, 3] to [1, 3]']);
  });

  test('changed answers refuse none', () => {
    expect(refusedRequests(signature({ labels: ['a', 'b'] }), signature({ outputs: [spec('z')] }))).toEqual(
      [],
    );
  });
});

const signatures = fc
  .record({
    inputs: fc.uniqueArray(
      fc.record({
        name: fc.constantFrom('a', 'b', 'c'),
        datatype: fc.constantFrom('FP32' as const, 'BYTES' as const),
        shape: fc.constantFrom([-1], [-1, 2], [1, 2]),
      }),
      { selector: ({ name }) => name, minLength: 1 },
    ),
    outputs: fc.uniqueArray(
      fc.record({
        name: fc.constantFrom('y', 'z'),
        datatype: fc.constantFrom('FP32' as const, 'INT64' as const),
        shape: fc.constantFrom([-1], [-1, 3]),
      }),
      { selector: ({ name }) => name, minLength: 1 },
    ),
    nullable: fc.subarray(['a', 'b', 'c']),
    labels: fc.option(fc.constantFrom(['no', 'yes'], ['yes', 'no'])),
  })
  .map(signature);

test('a contract never breaks against itself', () => {
  fc.assert(
    fc.property(
      signatures,
      (one) => contractChanges(one, one).length === 0 && refusedRequests(one, one).length === 0,
    ),
  );
});

test('requests are refused only where the contract broke', () => {
  fc.assert(
    fc.property(signatures, signatures, (before, after) => {
      return refusedRequests(before, after).length === 0 || contractChanges(before, after).length > 0;
    }),
  );
});
