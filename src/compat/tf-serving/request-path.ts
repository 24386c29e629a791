import { shorten } from '../../kernel/errors';

/** Which version of which model: at most one of `version` and `label` is given. */
export interface ModelSpec {
  readonly model: string;
  /** An ordinal, TensorFlow Serving's kind of version, or `MAJOR.MINOR.PIPELINE`. */
  readonly version: string | null;
  readonly label: string | null;
}

/** What a request asks for. */
export type Call =
  | { readonly kind: 'predict' | 'classify' | 'regress' | 'status' | 'metadata'; readonly spec: ModelSpec }
  /** The address is none of ours; the sentence says what is. */
  | { readonly kind: 'malformed'; readonly message: string };

const SPEC = String.raw`^/v1/models/([^/:]+)(?:/versions/(\d+(?:\.\d+\.\d+)?)|/labels/([^/:]+))?`;
/** Both ignore case, as TensorFlow Serving does. */
const ASKING = new RegExp(`${SPEC}:(predict|classify|regress)$`, 'i');
const READING = new RegExp(`${SPEC}(/metadata)?$`, 'i');

const WHAT_THERE_IS =
  'There are POST /v1/models/{model}[/versions/{version}|/labels/{label}]:predict, and GET of the same without ' +
  '“:predict” for the status and with “/metadata” for the signature.';

export function callOf(method: string, path: string): Call {
  const match = method === 'POST' ? ASKING.exec(path) : method === 'GET' ? READING.exec(path) : null;
  if (!match) return malformed(`Malformed request: ${method} ${shorten(path)}. ${WHAT_THERE_IS}`);
  const [, model = '', version = null, label = null, rest] = match;
  try {
    const spec = {
      model: decodeURIComponent(model),
      version,
      label: label === null ? null : decodeURIComponent(label),
    };
    return { kind: kindOf(method, rest), spec };
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    return malformed(`The name in ${shorten(path)} is not percent-encoded UTF-8.`);
  }
}

function kindOf(method: string, rest: string | undefined) {
  if (method === 'GET') return rest === undefined ? 'status' : 'metadata';
  return rest?.toLowerCase() as 'predict' | 'classify' | 'regress';
}

const malformed = (message: string): Call => ({ kind: 'malformed', message });
