import { create, toBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema, TensorProto_DataType as DataType } from '../src/kernel/generated/onnx_pb';
import { INPUT_NAME, matrix } from './model';

/** Numbers in and out of each layer: 4 MiB of weights. */
export const WIDTH = 1_024;
const BYTES_PER_LAYER = WIDTH * WIDTH * Float32Array.BYTES_PER_ELEMENT;

/** As many layers as fit into so many bytes, with ReLU between: input `x` [N, 1024], output `y` [N, 1024]. */
export function largeModelFile(bytes: number): Uint8Array {
  const layers = Array.from({ length: Math.floor(bytes / BYTES_PER_LAYER) }, (_, at) => at);
  const last = layers.length - 1;
  const model = create(ModelProtoSchema, {
    irVersion: 8n,
    producerName: 'modelgraph-bench',
    opsetImport: [{ domain: '', version: 17n }],
    graph: {
      name: 'large',
      input: [matrix(INPUT_NAME, WIDTH)],
      output: [matrix('y', WIDTH)],
      node: layers.flatMap((at) => [
        {
          opType: 'MatMul',
          input: [at === 0 ? INPUT_NAME : `a${at - 1}`, `w${at}`],
          output: [at === last ? 'y' : `s${at}`],
        },
        ...(at === last ? [] : [{ opType: 'Relu', input: [`s${at}`], output: [`a${at}`] }]),
      ]),
      initializer: layers.map((at) => ({
        name: `w${at}`,
        dataType: DataType.FLOAT,
        dims: [BigInt(WIDTH), BigInt(WIDTH)],
        rawData: weightBytes(at),
      })),
    },
  });
  return toBinary(ModelProtoSchema, model);
}

/** Different in every layer, so that no two are taken for one. */
function weightBytes(layer: number): Uint8Array {
  const weights = new Float32Array(WIDTH * WIDTH);
  for (let at = 0; at < weights.length; at += 1)
    weights[at] = (((at * 31 + layer * 17) % 101) - 50) / (50 * WIDTH);
  return new Uint8Array(weights.buffer);
}
