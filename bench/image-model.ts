import { create, toBinary } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType as AttributeType,
  ModelProtoSchema,
} from '../src/kernel/generated/onnx_pb';
import { constant, numbersBetween, tensorOf } from './model';

/** Channels, rows and columns of a picture as classifiers of pictures usually take it: 602,112 bytes. */
export const IMAGE_SHAPE = [1, 3, 224, 224] as const;
const [, CHANNELS, SIZE] = IMAGE_SHAPE;

export const IMAGE_INPUT = 'image';
const SCORES = 'scores';

/** One wide layer of convolutions, then the sum of each channel, then scores: 3 to 4 ms on one core. */
const KERNEL = 7;
const STRIDE = 2;
const FILTERS = 96;
const CLASSES = 10;
const POSITIONS = Math.floor((SIZE - KERNEL) / STRIDE) + 1;

/** Different questions in turn, so that every caller can check that it got its own answer. */
const IMAGES = 8;

const random = numbersBetween(-1, 1, 7);
/** Single precision, as the file stores them: the expected answers come from the same numbers. */
const weights = (count: number, scale: number) =>
  Float32Array.from({ length: count }, () => random() * scale);

const filters = weights(FILTERS * CHANNELS * KERNEL * KERNEL, 0.1);
const filterBiases = weights(FILTERS, 0.5);
const scoreWeights = weights(FILTERS * CLASSES, 1);
const scoreBiases = weights(CLASSES, 1);

/**
 * The questions. Each has its own brightness in each channel and a grain of its own: bytes divided by 255, as pictures
 * come out of a file.
 */
export const images: readonly Float32Array[] = Array.from({ length: IMAGES }, () => {
  const image = new Float32Array(CHANNELS * SIZE * SIZE);
  for (let channel = 0; channel < CHANNELS; channel += 1) {
    const brightness = 128 + 64 * random();
    const start = channel * SIZE * SIZE;
    for (let at = start; at < start + SIZE * SIZE; at += 1)
      image[at] = Math.round(brightness + 60 * random()) / 255;
  }
  return image;
});

/** What the model must answer to an image, worked out here: the score of each class. */
export function expectedScores(image: Float32Array): number[] {
  const means = Array.from({ length: FILTERS }, (_, filter) => meanResponse(image, filter));
  return Array.from({ length: CLASSES }, (_, label) =>
    means.reduce(
      (sum, mean, filter) => sum + mean * (scoreWeights[filter * CLASSES + label] ?? NaN),
      scoreBiases[label] ?? NaN,
    ),
  );
}

/** One filter at all its positions, negative responses cut off, averaged. */
function meanResponse(image: Float32Array, filter: number): number {
  let total = 0;
  for (let row = 0; row < POSITIONS; row += 1) {
    for (let column = 0; column < POSITIONS; column += 1)
      total += Math.max(0, response(image, filter, row * STRIDE, column * STRIDE));
  }
  return total / POSITIONS ** 2;
}

function response(image: Float32Array, filter: number, top: number, left: number): number {
  let sum = filterBiases[filter] ?? NaN;
  for (let channel = 0; channel < CHANNELS; channel += 1) {
    for (let y = 0; y < KERNEL; y += 1) {
      const pixels = (channel * SIZE + top + y) * SIZE + left;
      const taps = ((filter * CHANNELS + channel) * KERNEL + y) * KERNEL;
      for (let x = 0; x < KERNEL; x += 1) sum += (image[pixels + x] ?? NaN) * (filters[taps + x] ?? NaN);
    }
  }
  return sum;
}

/** The ONNX file: input `image` [1, 3, 224, 224], output `scores` [1, 10]. Always the same bytes. */
export function imageModelFile(): Uint8Array {
  const model = create(ModelProtoSchema, {
    irVersion: 8n,
    producerName: 'modelgraph-bench',
    opsetImport: [{ domain: '', version: 17n }],
    graph: {
      name: 'image',
      input: [tensorOf(IMAGE_INPUT, IMAGE_SHAPE)],
      output: [tensorOf(SCORES, [1, CLASSES])],
      node: [
        {
          opType: 'Conv',
          input: [IMAGE_INPUT, 'filters', 'biases'],
          output: ['responses'],
          attribute: [{ name: 'strides', type: AttributeType.INTS, ints: [BigInt(STRIDE), BigInt(STRIDE)] }],
        },
        { opType: 'Relu', input: ['responses'], output: ['active'] },
        { opType: 'GlobalAveragePool', input: ['active'], output: ['means'] },
        { opType: 'Flatten', input: ['means'], output: ['features'] },
        { opType: 'Gemm', input: ['features', 'w', 'b'], output: [SCORES] },
      ],
      initializer: [
        constant('filters', [FILTERS, CHANNELS, KERNEL, KERNEL], filters),
        constant('biases', [FILTERS], filterBiases),
        constant('w', [FILTERS, CLASSES], scoreWeights),
        constant('b', [CLASSES], scoreBiases),
      ],
    },
  });
  return toBinary(ModelProtoSchema, model);
}
