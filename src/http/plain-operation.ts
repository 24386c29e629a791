import { OperationTypeNode, getOperationAST } from 'graphql';
import type { OperationContext } from '../graphql/context';
import type { OperationRequest, Operations } from '../graphql/operations';
import type { HttpRequest } from '../kernel/http/http-exchange';

const JSON_TYPE = 'application/json; charset=utf-8';
const GRAPHQL_TYPE = 'application/graphql-response+json; charset=utf-8';

export interface PlainAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/**
 * The common kind of request (a JSON body with one operation, an answer in JSON) without Apollo's pipeline, whose
 * negotiation and hooks cost a prediction several times what the model does. Null: not of that kind, Apollo's to
 * answer.
 */
export async function answerPlainOperation(
  operations: Operations,
  request: HttpRequest,
  body: unknown,
  context: OperationContext,
): Promise<PlainAnswer | null> {
  const contentType = answerType(request.headers.accept);
  if (contentType === null || !isPlain(request, body)) return null;
  const prepared = operations.prepare(body, context);
  if (!('document' in prepared)) return answer(contentType, { errors: prepared });
  const operation = getOperationAST(prepared.document, prepared.operationName);
  // A document without that operation, and a subscription, are Apollo's to refuse.
  if (!operation || operation.operation === OperationTypeNode.SUBSCRIPTION) return null;
  return answer(contentType, await operations.execute(prepared));
}

/** A result without data never began: the request was at fault. */
function answer(contentType: string, result: object): PlainAnswer {
  return { status: 'data' in result ? 200 : 400, contentType, body: `${JSON.stringify(result)}\n` };
}

/** What the client wants to read; null where that takes weighing. */
function answerType(accept: string | undefined): string | null {
  if (accept === undefined || accept === '*/*' || accept === 'application/json') return JSON_TYPE;
  const isGraphql = accept.startsWith('application/graphql-response+json') && !accept.includes(';');
  return isGraphql ? GRAPHQL_TYPE : null;
}

/** A JSON body cannot come from a form that a browser sends without asking, so there is no CSRF to prevent. */
function isPlain({ method, headers }: HttpRequest, body: unknown): body is OperationRequest {
  const type = headers['content-type'];
  if (method !== 'POST' || (type !== 'application/json' && type !== 'application/json; charset=utf-8'))
    return false;
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return false;
  const { query, operationName, variables, extensions } = body as Record<string, unknown>;
  return (
    typeof query === 'string' &&
    query !== '' &&
    (operationName === undefined || operationName === null || typeof operationName === 'string') &&
    (variables === undefined ||
      variables === null ||
      (typeof variables === 'object' && !Array.isArray(variables))) &&
    (extensions === undefined || extensions === null)
  );
}
