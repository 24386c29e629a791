import fc from 'fast-check';
import type { Sha256 } from '../../../../src/kernel/artifacts/artifact';
import { integrityGate, limitGate, signatureGate, worstOf } from '../../../../src/registry/promotion/gates';
import { signature, spec } from '../signatures';

const HASH = 'a'.repeat(64) as Sha256;
const limit = (comparison: 'LTE' | 'GTE', value: number) => ({ key: 'accuracy', comparison, value });
const measured = (value: number, unit: string | null = null, on: string | null = null) =>
  ({ ok: true, value, unit, on }) as const;

describe('integrity', () => {
  test('passes where the bytes still have their name', () => {
    expect(integrityGate(HASH, { sha256: HASH })).toMatchObject({ name: 'integrity', passed: true });
  });

  test('blocks where they changed, or cannot be read', () => {
    expect(integrityGate(HASH, { sha256: 'b'.repeat(64) as Sha256 })).toMatchObject({ passed: false });
    expect(integrityGate(HASH, { why: 'ENOENT.' })).toMatchObject({
      passed: false,
      message: expect.stringContaining('ENOENT'),
    });
  });
});

describe('signature', () => {
  const question = {
    current: { number: '1.0.0', signature: signature(), format: 'ONNX' as const },
    next: signature(),
    acceptsContractBreak: false,
  };

  test('passes where the alias points at nothing, or the contract is the same', () => {
    expect(signatureGate({ ...question, current: null }).passed).toBe(true);
    expect(signatureGate(question).passed).toBe(true);
  });

  test('blocks where requests of today would be refused', () => {
    const next = signature({ inputs: [...signature().inputs, spec('mass')] });
    expect(signatureGate({ ...question, next })).toMatchObject({
      passed: false,
      message: expect.stringContaining('input “mass” was added without default'),
    });
    expect(signatureGate({ ...question, next, acceptsContractBreak: true }).passed).toBe(true);
  });

  test('passes, and tells, where only the answers change', () => {
    const next = signature({ labels: ['a', 'b'] });
    expect(signatureGate({ ...question, next })).toMatchObject({
      passed: true,
      message: expect.stringContaining('labels changed'),
    });
  });
});

describe('limits', () => {
  test('the number stands beside its limit, with unit and data', () => {
    expect(
      limitGate(
        { key: 'latency_p99_ms', comparison: 'LTE', value: 50 },
        measured(61.25, 'ms', '300 single rows'),
      ),
    ).toEqual({
      name: 'latency_p99_ms',
      passed: false,
      actual: 61.25,
      limit: 50,
      unit: 'ms',
      message: 'latency_p99_ms is 61.25 ms on 300 single rows; the limit is at most 50 ms.',
    });
  });

  test('the limit itself passes', () => {
    expect(limitGate(limit('GTE', 0.9), measured(0.9)).passed).toBe(true);
    expect(limitGate(limit('LTE', 0.9), measured(0.9)).passed).toBe(true);
  });

  test('what is missing has not passed', () => {
    const missing = { ok: false, unit: null, why: 'There is none.' } as const;
    expect(limitGate(limit('GTE', 0), missing)).toMatchObject({
      passed: false,
      actual: null,
      limit: 0,
      message: 'There is none.',
    });
  });

  test('NaN is on no side of any limit', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('LTE' as const, 'GTE' as const),
        fc.double({ noNaN: true }),
        (comparison, value) => {
          expect(limitGate(limit(comparison, value), measured(NaN)).passed).toBe(false);
        },
      ),
    );
  });

  test('every other number is on exactly one side, or on the limit', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), fc.double({ noNaN: true }), (bar, value) => {
        const sides = [
          limitGate(limit('LTE', bar), measured(value)),
          limitGate(limit('GTE', bar), measured(value)),
        ];
        expect(sides.filter(({ passed }) => passed)).toHaveLength(bar === value ? 2 : 1);
      }),
    );
  });
});

test('measured on several datasets, the worst value counts, and NaN is the worst', () => {
  const values = (...all: number[]) => all.map((value) => ({ value }));
  expect(worstOf('LTE', values(1, 3, 2))).toEqual({ value: 3 });
  expect(worstOf('GTE', values(1, 3, 2))).toEqual({ value: 1 });
  expect(worstOf('GTE', values(1, NaN, -Infinity))).toEqual({ value: NaN });
  expect(worstOf('LTE', values(NaN, Infinity))).toEqual({ value: NaN });
  expect(worstOf('LTE', [])).toBeNull();
});
