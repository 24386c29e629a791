import fc from 'fast-check';
import type { Sha256 } from '../../../../src/kernel/artifacts/artifact';
import { requestedRange } from '../../../../src/kernel/artifacts/byte-range';

const artifact = (sizeBytes: number) => ({ sha256: 'a'.repeat(64) as Sha256, sizeBytes });
const asked = (range: string, sizeBytes: number) =>
  requestedRange({ method: 'GET', headers: { range } }, artifact(sizeBytes));

test('whatever is asked for, a part lies inside the bytes', () => {
  const number = fc.oneof(fc.constant(''), fc.nat({ max: 30 }).map(String));
  fc.assert(
    fc.property(number, number, fc.nat({ max: 20 }), (first, last, size) => {
      const range = asked(`bytes=${first}-${last}`, size);
      const all = Array.from({ length: size }, (_, at) => at);
      const wanted =
        first === ''
          ? last === '' || last === '0'
            ? []
            : all.slice(-Number(last))
          : all.filter((at) => at >= Number(first) && (last === '' || at <= Number(last)));
      const isSenseless =
        (first === '' && last === '') || (first !== '' && last !== '' && Number(last) < Number(first));
      if (isSenseless) expect(range).toBeNull();
      else if (wanted.length === 0) expect(range).toBe('unsatisfiable');
      else expect(range).toEqual({ start: wanted[0], end: wanted.at(-1) });
    }),
  );
});

test('only GET asks for parts', () => {
  expect(requestedRange({ method: 'HEAD', headers: { range: 'bytes=0-1' } }, artifact(5))).toBeNull();
});
