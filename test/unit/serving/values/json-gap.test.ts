import type { BytesElement, Tensor } from '../../../../src/kernel/tensors/tensor';
import { decodeRows } from '../../../../src/serving/values/row-decoder';
import { jsonGap } from '../../../../src/serving/values/json-gap';
import { jsonValues } from '../../../../src/serving/values/json-values';
import { tensorToJson } from '../../../../src/serving/values/tensor-json';

const bytes = (name: string, data: readonly BytesElement[]): Tensor => ({
  name,
  datatype: 'BYTES',
  shape: [data.length],
  data,
});
const OTHER = Uint8Array.of(0xff);

test('the output and the element are named that JSON cannot say, and what can', () => {
  const outputs = [bytes('label', ['a']), bytes('picture', ['\ufffd', OTHER])];
  expect(jsonGap(outputs, 'outputEncoding BASE64')?.message).toBe(
    'outputs[picture]: expected outputEncoding BASE64, which carries any bytes, ' +
      'or, where outputs can be chosen, others than this one, got JSON, whose texts cannot say element 1: it is not UTF-8.',
  );
});

test('outputs that are not said in JSON have no gap, and texts have none', () => {
  expect(jsonGap([bytes('picture', [OTHER])], '', (name) => name !== 'picture')).toBeNull();
  expect(jsonGap([bytes('label', ['größe', '\ufffd'])], '')).toBeNull();
});

test('nobody writes such an answer by mistake: it has no JSON and no rows', () => {
  const picture = bytes('picture', [OTHER]);
  expect(() => jsonValues(picture)).toThrow('JSON has no form');
  expect(() => tensorToJson(picture, 'JSON')).toThrow('JSON has no form');
  expect(decodeRows({ labels: null } as never, [picture], 1)).toBeNull();
});
