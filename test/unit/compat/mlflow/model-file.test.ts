import { onnxPathOf } from '../../../../src/compat/mlflow/model-file';

const file = (data: string) => `artifact_path: model
flavors:
  keras:
    data: other.h5
  onnx:
    code: null
    data: ${data}
    providers:
    - CPUExecutionProvider
  python_function:
    data: python.pkl
signature:
  inputs: '[{"name": "x",
    "data: in a text'
`;

describe('the ONNX file that an MLmodel names', () => {
  test.each([
    ['model.onnx', 'model.onnx'],
    ["'it''s one.onnx'", "it's one.onnx"],
    ['"a\\u00e9\\"b.onnx"', 'aé"b.onnx'],
    ['a folder/model.onnx  ', 'a folder/model.onnx'],
  ])('is read as it is written: %s', (written, path) => {
    expect(onnxPathOf(file(written))).toBe(path);
    expect(onnxPathOf(file(written).replaceAll('\n', '\r\n'))).toBe(path);
  });

  test.each([
    ['nothing', ''],
    ['no flavours', 'artifact_path: model\n'],
    ['another flavour', 'flavors:\n  sklearn:\n    data: model.pkl\n'],
    ['the key of another flavour', 'flavors:\n  onnx:\n    code: null\n  keras:\n    data: model.h5\n'],
    ['a key that is deeper', 'flavors:\n  onnx:\n    code:\n      data: x\n'],
    ['a key that is not in the flavours', 'flavors:\n  a: b\nother:\n  onnx:\n    data: x\n'],
    ['flow style', 'flavors: {onnx: {data: model.onnx}}\n'],
    ['an alias', file('*x')],
    ['a tag', file('!!binary aGk=')],
    ['a text of several lines', file('|')],
    ['a broken text', file("'model.onnx")],
    ['YAML’s own escapes', file('"\\x41"')],
  ])('is none where there is %s', (_, text) => {
    expect(onnxPathOf(text)).toBeNull();
  });

  test.each(['[', '{a: ', '? ', '- ', "'", '!', '\t', '#', 'a:\n', 'flavors:\n', '  onnx:\n'])(
    'is looked for in time that grows with the file only, whatever is in it: %j',
    (piece) => {
      const startedAtMs = performance.now();
      expect(onnxPathOf(piece.repeat(500_000 / piece.length))).toBeNull();
      expect(performance.now() - startedAtMs).toBeLessThan(30_000); // some milliseconds; a quadratic reader takes minutes
    },
  );
});
