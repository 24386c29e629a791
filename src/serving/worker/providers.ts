import { create, toBinary } from '@bufbuild/protobuf';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import {
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  TensorProto_DataType,
  TypeProtoSchema,
  ValueInfoProtoSchema,
} from '../../kernel/generated/onnx_pb';
import { missingLibrary } from './missing-library';
import { ortMessage } from './ort-message';
import type { SkippedProvider } from '../execution/backend';
import { sessionOptions } from './session-options';

/** The first provider that computes rightly on this machine, and why those before it do not. */
export interface ProviderProbe {
  readonly provider: string | undefined;
  readonly skipped: readonly SkippedProvider[];
}

/** The runtime names the library only on standard error. */
const NOT_LOADED = /Failed to load shared library/;

/**
 * Tries providers in order. ONNX Runtime does not fall back by itself: a list that holds one missing
 * provider throws, so each is tried alone, on a real run.
 */
export async function probeProviders(providers: readonly string[]): Promise<ProviderProbe> {
  const skipped: SkippedProvider[] = [];
  for (const provider of providers) {
    const reason = await whyUnusable(provider);
    if (reason === undefined) return { provider, skipped };
    skipped.push({ provider, reason });
  }
  return { provider: undefined, skipped };
}

async function whyUnusable(provider: string): Promise<string | undefined> {
  let session: InferenceSession | undefined;
  try {
    session = await InferenceSession.create(probeModel(), sessionOptions(provider, 1));
    const { y } = await session.run({ x: new Tensor('float32', Float32Array.of(1, 2), [2]) });
    const values = y === undefined ? [] : Array.from(y.data as Float32Array);
    return values.join() === '2,4' ? undefined : `adds wrongly: 1 + 1 and 2 + 2 gave ${values.join(' and ')}`;
  } catch (error) {
    const reason = ortMessage(error);
    const missing = NOT_LOADED.test(reason) ? missingLibrary(provider) : undefined;
    return missing === undefined ? reason : `${reason}: ${missing}`;
  } finally {
    await session?.release();
  }
}

/** The smallest model that must compute: y = x + x, for two numbers. */
function probeModel(): Uint8Array {
  const vector = create(TypeProtoSchema, {
    value: {
      case: 'tensorType',
      value: {
        elemType: TensorProto_DataType.FLOAT,
        shape: { dim: [{ value: { case: 'dimValue', value: 2n } }] },
      },
    },
  });
  const model = create(ModelProtoSchema, {
    irVersion: 8n,
    opsetImport: [create(OperatorSetIdProtoSchema, { version: 17n })],
    graph: create(GraphProtoSchema, {
      name: 'probe',
      node: [create(NodeProtoSchema, { opType: 'Add', input: ['x', 'x'], output: ['y'] })],
      input: [create(ValueInfoProtoSchema, { name: 'x', type: vector })],
      output: [create(ValueInfoProtoSchema, { name: 'y', type: vector })],
    }),
  });
  return toBinary(ModelProtoSchema, model);
}
