import type { MessageInitShape } from '@bufbuild/protobuf';
import type { GRPCInferenceService, InferParameterSchema } from '../../src/kernel/generated/grpc_service_pb';
import { floatBytes, type InferRequest } from './grpc-client';

type Methods = (typeof GRPCInferenceService)['method'];
type Told = 'serverLive' | 'serverReady' | 'serverMetadata' | 'modelReady' | 'modelMetadata';
type Listed = 'modelConfig' | 'modelStatistics' | 'repositoryIndex';
type Done = 'repositoryModelLoad' | 'repositoryModelUnload';
type NotOffered = 'traceSetting' | 'logSettings' | 'systemSharedMemoryStatus' | 'cudaSharedMemoryStatus';
type Control = Told | Listed | Done | NotOffered;

/** A call of `inference.GRPCInferenceService`. */
export type GrpcQuestion =
  | { readonly [Name in Control]: readonly [Name, MessageInitShape<Methods[Name]['input']>] }[Control]
  | readonly ['modelInfer', InferRequest];

const choice = (value: string | boolean | number): MessageInitShape<typeof InferParameterSchema> => {
  if (typeof value === 'string') return { parameterChoice: { case: 'stringParam', value } };
  if (typeof value === 'boolean') return { parameterChoice: { case: 'boolParam', value } };
  return { parameterChoice: { case: 'int64Param', value: BigInt(value) } };
};
const parameters = (values: Readonly<Record<string, string | boolean | number>>) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, choice(value)]));

const X = { name: 'x', datatype: 'FP32', shape: [1n, 2n] };
const RAW = [floatBytes([1, 2.5])];
const TWO = [
  { name: 'x', datatype: 'FP64', shape: [1n, 2n], contents: { fp64Contents: [1, 2] } },
  {
    name: 'text',
    datatype: 'BYTES',
    shape: [1n, 1n],
    contents: { bytesContents: [Buffer.from('a')] },
  },
];
const infer = (more: InferRequest = {}): GrpcQuestion => [
  'modelInfer',
  { modelName: 'FP32', inputs: [X], rawInputContents: RAW, ...more },
];
const inferTyped = (contents: object): GrpcQuestion =>
  infer({ inputs: [{ ...X, contents }], rawInputContents: [] });
const inferTwo = (more: InferRequest = {}): GrpcQuestion => [
  'modelInfer',
  { modelName: 'pair', inputs: TWO, ...more },
];
const classes = (classification: string | number): GrpcQuestion =>
  infer({ outputs: [{ name: 'y', parameters: parameters({ classification }) }] });

/** By what they ask, as `HTTP_QUESTIONS`. */
export const GRPC_QUESTIONS: Readonly<Record<string, GrpcQuestion>> = {
  live: ['serverLive', {}],
  ready: ['serverReady', {}],
  'server metadata': ['serverMetadata', {}],
  'model ready': ['modelReady', { name: 'FP32' }],
  'a version ready': ['modelReady', { name: 'FP32', version: '1' }],
  'ready, of a version that is not there': ['modelReady', { name: 'FP32', version: '9' }],
  'ready, of a version that is no number': ['modelReady', { name: 'FP32', version: 'nine' }],
  'ready, of a model that is not there': ['modelReady', { name: 'nobody' }],
  'model metadata': ['modelMetadata', { name: 'FP32' }],
  'metadata of two tensors': ['modelMetadata', { name: 'pair', version: '1' }],
  'metadata of a version that is not there': ['modelMetadata', { name: 'FP32', version: '9' }],
  'metadata of a model that is not there': ['modelMetadata', { name: 'nobody' }],
  'configuration of a model that is not there': ['modelConfig', { name: 'nobody' }],
  'statistics of a model that is not there': ['modelStatistics', { name: 'nobody' }],
  'index of another repository': ['repositoryIndex', { repositoryName: 'other' }],
  load: ['repositoryModelLoad', { modelName: 'FP32' }],
  'load of a model that is not there': ['repositoryModelLoad', { modelName: 'nobody' }],
  'unload of a model that is not there': ['repositoryModelUnload', { modelName: 'nobody' }],
  'trace settings': ['traceSetting', {}],
  'shared memory': ['systemSharedMemoryStatus', {}],
  'log settings': ['logSettings', {}],

  infer: infer(),
  'infer, of a version': infer({ modelVersion: '1' }),
  'infer, of a version that is not there': infer({ modelVersion: '9' }),
  'infer, of a version that is no number': infer({ modelVersion: 'nine' }),
  'infer, of a model that is not there': infer({ modelName: 'nobody' }),
  'infer, of no model': infer({ modelName: '' }),
  'an id': infer({ id: 'größe' }),
  'typed contents': inferTyped({ fp32Contents: [1, 2.5] }),
  'typed contents, too few': inferTyped({ fp32Contents: [1] }),
  'typed contents of another type': inferTyped({ fp64Contents: [1, 2] }),
  'no contents': infer({ rawInputContents: [] }),
  'raw and typed contents': infer({ inputs: [{ ...X, contents: { fp32Contents: [1, 2.5] } }] }),
  'raw contents, too few': infer({ rawInputContents: [floatBytes([1])] }),
  'raw contents, too many': infer({ rawInputContents: [floatBytes([1, 2, 3])] }),
  'raw contents of no input': infer({ rawInputContents: [...RAW, ...RAW] }),
  'two outputs': inferTwo(),
  'two outputs the other way round': inferTwo({ outputs: [{ name: 'kind' }, { name: 'same' }] }),
  'one of two outputs': inferTwo({ outputs: [{ name: 'kind' }] }),
  'an output twice': infer({ outputs: [{ name: 'y' }, { name: 'y' }] }),
  'an unknown output': infer({ outputs: [{ name: 'z' }] }),
  'an input left out': inferTwo({ inputs: TWO.slice(1) }),
  'no inputs': infer({ inputs: [], rawInputContents: [] }),
  'an unknown input': infer({ inputs: [{ ...X, name: 'z' }] }),
  'another datatype': infer({ inputs: [{ ...X, datatype: 'FP64', shape: [1n, 1n] }] }),
  'a datatype that is none': infer({ inputs: [{ ...X, datatype: 'FLOAT' }] }),
  'a shape of fewer axes': infer({ inputs: [{ ...X, shape: [2n] }] }),
  'a negative shape': infer({ inputs: [{ ...X, shape: [-1n, 2n] }] }),
  'parameters of one’s own': infer({ parameters: parameters({ mine: 'a', number: 1, flag: true }) }),
  'a priority and a time limit': infer({ parameters: parameters({ priority: 1, timeout: 5_000_000 }) }),
  'a priority that is a text': infer({ parameters: parameters({ priority: 'high' }) }),
  'a sequence, of a model without': infer({
    parameters: parameters({ sequence_id: 5, sequence_start: true }),
  }),
  'a flag of a sequence that is a text': infer({
    parameters: parameters({ sequence_id: 5, sequence_start: 'yes' }),
  }),
  classes: classes(1),
  'more classes than there are': classes(5),
  'no classes': classes(0),
  'classes as a text': classes('two'),
  'a wish for JSON': infer({ outputs: [{ name: 'y', parameters: parameters({ binary_data: false }) }] }),
  'shared memory, of an input': infer({
    inputs: [{ ...X, parameters: parameters({ shared_memory_region: 'a', shared_memory_byte_size: 8 }) }],
    rawInputContents: [],
  }),
};
