import { create, toBinary } from '@bufbuild/protobuf';
import {
  ModelProtoSchema,
  type NodeProto,
  TensorProto_DataType as DataType,
  type ValueInfoProto,
  Version,
} from '../../src/kernel/generated/onnx_pb';
import type { Classifier } from './classifier';
import type { NumberFeature, TextFeature } from './features';
import {
  float,
  floats,
  int,
  ints,
  ML_DOMAIN,
  mlOperator,
  operator,
  tensorValue,
  text,
  texts,
} from './onnx-graph';

/** Versions that every ONNX Runtime since 1.15 reads. */
const OPERATOR_SET = 17n;
const ML_OPERATOR_SET = 3n;

/** What LabelEncoder gives for a text that is no category; OneHotEncoder then sets no place to 1. */
const UNKNOWN_CATEGORY = -1;

/**
 * The whole way from the raw columns to the answer as one ONNX file, so that whoever predicts needs to know
 * nothing of imputing, scaling or encoding. One input for each column, `[N, 1]`: text ('' is missing) or
 * float (NaN is missing). Outputs: `label` `[N]`, text, and `probabilities` `[N, classes]`, float.
 * The same classifier always gives the same bytes.
 */
export function onnxModel(classifier: Classifier): Uint8Array {
  const { numbers, texts: textFeatures } = classifier.features;
  const encoded = textFeatures.map(({ column }) => `${column}_encoded`);
  const model = create(ModelProtoSchema, {
    irVersion: BigInt(Version.IR_VERSION_2021_7_30),
    producerName: 'modelgraph-penguins',
    opsetImport: [
      { domain: '', version: OPERATOR_SET },
      { domain: ML_DOMAIN, version: ML_OPERATOR_SET },
    ],
    graph: {
      name: 'penguins',
      input: [...textFeatures.map(textInput), ...numbers.map(numberInput)],
      output: [
        tensorValue('label', DataType.STRING, ['N']),
        tensorValue('probabilities', DataType.FLOAT, ['N', classifier.labels.length]),
      ],
      node: [
        ...scaleNumbers(numbers),
        ...textFeatures.flatMap(encodeText),
        operator('Concat', {
          inputs: ['numbers_scaled', ...encoded],
          outputs: ['features'],
          attributes: [int('axis', 1)],
        }),
        classify(classifier),
      ],
    },
  });
  return toBinary(ModelProtoSchema, model);
}

const textInput = ({ column }: TextFeature): ValueInfoProto => tensorValue(column, DataType.STRING, ['N', 1]);
const numberInput = ({ column }: NumberFeature): ValueInfoProto =>
  tensorValue(column, DataType.FLOAT, ['N', 1]);

/** Side by side, then NaN becomes the median, then (value − mean) / deviation. */
function scaleNumbers(numbers: readonly NumberFeature[]): NodeProto[] {
  return [
    operator('Concat', {
      inputs: numbers.map(({ column }) => column),
      outputs: ['numbers'],
      attributes: [int('axis', 1)],
    }),
    mlOperator('Imputer', {
      inputs: ['numbers'],
      outputs: ['numbers_imputed'],
      attributes: [
        floats(
          'imputed_value_floats',
          numbers.map(({ median }) => median),
        ),
        float('replaced_value_float', NaN),
      ],
    }),
    mlOperator('Scaler', {
      inputs: ['numbers_imputed'],
      outputs: ['numbers_scaled'],
      attributes: [
        floats(
          'offset',
          numbers.map(({ mean }) => mean),
        ),
        floats(
          'scale',
          numbers.map(({ deviation }) => 1 / deviation),
        ),
      ],
    }),
  ];
}

/** Text to the number of its category, to one place for each category; Flatten takes `[N, 1, C]` to `[N, C]`. */
function encodeText({ column, categories }: TextFeature): NodeProto[] {
  const indices = categories.map((_, index) => index);
  return [
    mlOperator('LabelEncoder', {
      inputs: [column],
      outputs: [`${column}_index`],
      attributes: [
        texts('keys_strings', categories),
        ints('values_int64s', indices),
        int('default_int64', UNKNOWN_CATEGORY),
      ],
    }),
    mlOperator('OneHotEncoder', {
      inputs: [`${column}_index`],
      outputs: [`${column}_onehot`],
      attributes: [ints('cats_int64s', indices), int('zeros', 1)],
    }),
    operator('Flatten', {
      inputs: [`${column}_onehot`],
      outputs: [`${column}_encoded`],
      attributes: [int('axis', 1)],
    }),
  ];
}

function classify({ labels, weights, biases }: Classifier): NodeProto {
  return mlOperator('LinearClassifier', {
    inputs: ['features'],
    outputs: ['label', 'probabilities'],
    attributes: [
      floats('coefficients', weights.flat()),
      floats('intercepts', biases),
      texts('classlabels_strings', labels),
      text('post_transform', 'SOFTMAX'),
    ],
  });
}
