import { answerText, SAFE_HEADER_LIST, SAFE_HEADERS } from '../../kernel/http/http-answer';
import type { HttpResponse } from '../../kernel/http/http-exchange';
import type { Tensor } from '../../kernel/tensors/tensor';
import { tensorBytes } from '../../kernel/tensors/tensor-bytes';
import { jsonValues, type PredictSuccess } from '../../serving/serving';
import type { InferRequest } from './infer-request';
import { versionName } from './metadata';
import { isWorthPacking, sendPacked, type Coding } from './packed-answer';

/** Up to this, in bytes, the pieces of an answer are copied into one: that costs less than more writes. */
const MAX_COPIED_BYTES = 65_536;

export interface InferAnswer {
  /** The model as it was asked for. */
  readonly model: string;
  readonly request: Pick<InferRequest, 'id' | 'binary' | 'binaryElse'>;
  readonly result: PredictSuccess;
  /** How the caller wants it packed; null: not at all. */
  readonly coding: Coding | null;
}

/** The answer in JSON, and after it the bytes of the outputs that are wanted so. */
export function answerInference(response: HttpResponse, answer: InferAnswer): void {
  const { result, request } = answer;
  const bytes: Uint8Array[] = [];
  const outputs = result.outputs.map((output) => {
    if (!isBinary(request, output.name)) return outputText(output, `"data":${jsonValues(output)}`);
    const piece = tensorBytes(output.data);
    bytes.push(piece);
    return outputText(output, `"parameters":{"binary_data_size":${piece.length}}`);
  });
  const json = `${headText(answer)},"outputs":[${outputs.join(',')}]}`;
  if (answer.coding !== null && sendIfLarge(response, answer.coding, json, bytes)) return;
  if (bytes.length > 0) sendBinary(response, json, bytes);
  else answerText(response, 200, 'application/json', json);
}

/** Whether an output is wanted as bytes. */
export const isBinary = (
  { binary, binaryElse }: Pick<InferRequest, 'binary' | 'binaryElse'>,
  name: string,
): boolean => binary.get(name) ?? binaryElse;

function headText({
  model,
  request: { id },
  result: { version, predictionId, variant, cacheAgeMs },
}: InferAnswer): string {
  const idText = id === null ? '' : `,"id":${JSON.stringify(id)}`;
  const variantText = variant === null ? '' : `,"variant":${JSON.stringify(variant)}`;
  const cacheText = cacheAgeMs === null ? '' : `,"cached":true,"cache_age_ms":${Math.round(cacheAgeMs)}`;
  return `{"model_name":${JSON.stringify(model)},"model_version":"${versionName(version)}"${idText},"parameters":{"prediction_id":"${predictionId}"${variantText}${cacheText}}`;
}

const outputText = ({ name, datatype, shape }: Tensor, values: string): string =>
  `{"name":${JSON.stringify(name)},"datatype":"${datatype}","shape":[${shape.join(',')}],${values}}`;

/** Answers whether it was large enough to be packed; the length of its JSON is told as it is unpacked. */
function sendIfLarge(
  response: HttpResponse,
  coding: Coding,
  json: string,
  bytes: readonly Uint8Array[],
): boolean {
  const head = Buffer.from(json);
  const pieces = [head, ...bytes];
  if (!isWorthPacking(pieces)) return false;
  const type =
    bytes.length === 0
      ? { 'content-type': 'application/json' }
      : { 'content-type': 'application/octet-stream', 'inference-header-content-length': head.length };
  sendPacked(response, coding, { ...SAFE_HEADERS, 'cache-control': 'no-store', ...type }, pieces).catch(
    () => response.destroy(), // there was no memory for it, and nobody else waits for this
  );
  return true;
}

function sendBinary(response: HttpResponse, json: string, bytes: readonly Uint8Array[]): void {
  const head = Buffer.from(json);
  const sizeBytes = bytes.reduce((sum, piece) => sum + piece.length, head.length);
  response.writeHead(200, [
    ...SAFE_HEADER_LIST,
    'content-type',
    'application/octet-stream',
    'content-length',
    String(sizeBytes),
    'inference-header-content-length',
    String(head.length),
  ]);
  // As text of one byte a character it leaves in one write with its headers, which bytes do not.
  if (sizeBytes <= MAX_COPIED_BYTES)
    return void response.end(Buffer.concat([head, ...bytes], sizeBytes).toString('latin1'), 'latin1');
  response.cork();
  response.write(head);
  for (const piece of bytes) response.write(piece);
  response.end();
}
