import { GraphQLError, GraphQLScalarType, Kind, valueFromASTUntyped, type ValueNode } from 'graphql';
import { GraphQLDateTime, GraphQLJSON, GraphQLJSONObject } from 'graphql-scalars';
import { shorten } from './errors';
import { liftedBytes } from './json/lifted-base64';
import { doubleFromJson, doubleToJson, type JsonDouble } from './tensors/double';
import { DATATYPES } from './tensors/tensor';
import { foreignMember, type TensorInput } from './tensors/tensor-input';

const wrongShape = (message: string) => new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } });
const literal = (node: ValueNode): unknown => {
  if (node.kind === Kind.INT) return node.value;
  return valueFromASTUntyped(node);
};

export const DoubleScalar = new GraphQLScalarType<number, JsonDouble>({
  name: 'Double',
  description: 'IEEE double: a JSON number, or one of the texts "NaN", "Infinity", "-Infinity" and "-0".',
  serialize: (value) => doubleToJson(Number(value)),
  parseValue: parseDouble,
  parseLiteral: (node) =>
    parseDouble(node.kind === Kind.INT ? Number(node.value) : valueFromASTUntyped(node)),
});

function parseDouble(value: unknown): number {
  const double = doubleFromJson(value);
  if (double === null) throw wrongShape('Expected a number, "NaN", "Infinity", "-Infinity" or "-0".');
  return double;
}

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

export const BigIntScalar = new GraphQLScalarType<bigint, number | string>({
  name: 'BigInt',
  description: 'Exact integer of 64 bits: a JSON number up to 2^53, a text of digits beyond.',
  serialize: (value) => {
    const integer = BigInt(value as bigint | number | string);
    const isSafe = integer >= Number.MIN_SAFE_INTEGER && integer <= Number.MAX_SAFE_INTEGER;
    return isSafe ? Number(integer) : integer.toString();
  },
  parseValue: parseInteger,
  parseLiteral: (node) => parseInteger(literal(node)),
});

function parseInteger(value: unknown): bigint {
  const isInteger =
    typeof value === 'bigint' ||
    Number.isSafeInteger(value) ||
    (typeof value === 'string' && /^-?\d{1,19}$/.test(value));
  const integer = isInteger ? BigInt(value as bigint | number | string) : null;
  if (integer === null || integer < INT64_MIN || integer > INT64_MAX) {
    throw wrongShape(
      'Expected a whole number of 64 bits: a JSON number up to 2^53, a text of digits beyond.',
    );
  }
  return integer;
}

export const TensorScalar = new GraphQLScalarType<TensorInput, unknown>({
  name: 'Tensor',
  description:
    'Tensor: `{name, datatype, shape, data}` with row-major values, flat or nested, or `{name, datatype, shape, base64}` ' +
    'with little-endian bytes (BYTES: 4 bytes of length before each element), and nothing else. Datatypes are those of ' +
    `the Open Inference Protocol: ${DATATYPES.join(', ')}; BF16 is for models that remote servers have. In \`data\`, ` +
    'integers beyond 2^53, NaN, Infinity, -Infinity and -0 are texts, and elements of BYTES are texts. Other bytes, ' +
    'which are not UTF-8, are for models of remote servers, too, and go in `base64` only: an answer with some is ' +
    'refused unless `outputEncoding` is BASE64 or `outputs` leave that output out.',
  serialize: (value) => value,
  parseValue: parseTensor,
  parseLiteral: (node, variables) => parseTensor(valueFromASTUntyped(node, variables)),
});

function parseTensor(value: unknown): TensorInput {
  const tensor = value as Partial<TensorInput> | null;
  // Before `base64` is looked at, which would make a text of them.
  const bytes = liftedBytes(value);
  const hasBody = Array.isArray(tensor?.data) !== (bytes !== undefined || typeof tensor?.base64 === 'string');
  const isTensor =
    typeof tensor?.name === 'string' &&
    typeof tensor.datatype === 'string' &&
    Array.isArray(tensor.shape) &&
    hasBody;
  if (!isTensor) throw wrongShape('Expected a tensor: {name, datatype, shape} and either data or base64.');
  const foreign = foreignMember(tensor);
  if (foreign !== undefined)
    throw wrongShape(
      `A tensor has name, datatype, shape and either data or base64; “${shorten(foreign)}” is not offered.`,
    );
  const { name, datatype, shape, data } = tensor as TensorInput;
  if (bytes) return { name, datatype, shape, bytes, bytesFrom: 'base64' };
  return { name, datatype, shape, ...(data ? { data } : { base64: tensor.base64 }) };
}

export const DateTimeScalar = GraphQLDateTime;
export const JsonObjectScalar = GraphQLJSONObject;
export const JsonScalar = GraphQLJSON;
