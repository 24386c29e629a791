import { fromBinary } from '@bufbuild/protobuf';
import { ModelInferRequestSchema } from '../../../../src/kernel/generated/grpc_service_pb';
import { writeInferRequest } from '../../../../src/serving/backends/infer-message';
import type { Sequence } from '../../../../src/serving/execution/sequence';

const parametersOf = (sequence?: Sequence) => {
  const question = { model: { name: 'm', version: '2' }, inputs: [], outputs: ['y'] };
  const bytes = writeInferRequest({ ...question, ...(sequence && { sequence }) });
  const { modelName, modelVersion, outputs, parameters } = fromBinary(ModelInferRequestSchema, bytes);
  expect({ modelName, modelVersion, outputs }).toMatchObject({
    ...{ modelName: 'm', modelVersion: '2' },
    outputs: [{ name: 'y' }],
  });
  return Object.fromEntries(
    Object.entries(parameters).map(([name, { parameterChoice }]) => [
      name,
      [parameterChoice.case, parameterChoice.value],
    ]),
  );
};

test.each<[Sequence['id'], [string, unknown]]>([
  [7, ['int64Param', 7n]],
  [2n ** 63n - 1n, ['int64Param', 2n ** 63n - 1n]],
  ['größe', ['stringParam', 'größe']],
])('a sequence goes along with its question: %p', (id, sequence_id) => {
  expect(parametersOf({ id, start: true, end: false })).toEqual({
    sequence_id,
    sequence_start: ['boolParam', true],
    sequence_end: ['boolParam', false],
  });
});

test('a question of none says nothing of sequences', () => expect(parametersOf()).toEqual({}));
