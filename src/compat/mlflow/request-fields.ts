import { isUtf8 } from 'node:buffer';
import { MAX_BODY_BYTES } from '../../kernel/http/http-body';
import type { HttpRequest } from '../../kernel/http/http-exchange';
import { parseNumberJson } from '../../kernel/json/number-json';
import { readEncodedBody } from '../encoded-body';
import { Fields } from './fields';
import { invalidParameter } from './mlflow-error';

/** Most parameters of a query: a chart of a hundred runs has as many. */
const MAX_QUERY_PARAMETERS = 1_000;

/** What a call was given: in its query where it reads, in its body, as JSON, where it writes. */
export async function readFields(request: HttpRequest, search: string): Promise<Fields> {
  return request.method === 'GET' ? new Fields(queryOf(search)) : new Fields(await bodyOf(request));
}

function queryOf(search: string): Readonly<Record<string, unknown>> {
  // Without a prototype, so that no name of a client is special.
  const values = Object.create(null) as Record<string, string | string[]>;
  let count = 0;
  for (const [name, value] of new URLSearchParams(search)) {
    if ((count += 1) > MAX_QUERY_PARAMETERS)
      throw invalidParameter(`A query may have at most ${MAX_QUERY_PARAMETERS} parameters.`);
    const before = values[name];
    if (before === undefined) values[name] = value;
    else if (typeof before === 'string') values[name] = [before, value];
    else before.push(value);
  }
  return values;
}

async function bodyOf(request: HttpRequest): Promise<Readonly<Record<string, unknown>>> {
  const read = await readEncodedBody(request, MAX_BODY_BYTES);
  if (!('chunks' in read)) throw invalidParameter(read.message);
  const body = read.chunks.join();
  if (body.length === 0) return {};
  if (!isUtf8(body)) throw invalidParameter('The body is not UTF-8.');
  const json = parsed(body.toString());
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw invalidParameter('The body must be a JSON object.');
  return json as Readonly<Record<string, unknown>>;
}

/** Steps may have 64 bits, and Python writes NaN without quotes. */
function parsed(text: string): unknown {
  try {
    return parseNumberJson(text, { wideIntegers: true });
  } catch (error) {
    if (error instanceof SyntaxError) throw invalidParameter(`The body is not JSON: ${error.message}.`);
    throw error;
  }
}
