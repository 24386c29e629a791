import type { KeyValue, RunStatus } from '../../../client/operations/runs';
import { readMessage } from '../protobuf-fields';

/** What the plugin `hparams` keeps of a run. */
export interface HParams {
  readonly params: readonly KeyValue[];
  readonly group: string | null;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  readonly status: RunStatus | null;
}

/** Its `Status`. */
const STATUSES = new Map<number, RunStatus>([
  [1, 'FINISHED'],
  [2, 'FAILED'],
  [3, 'RUNNING'],
]);

/** Reads `HParamsPluginData`. Throws where the bytes are none. */
export function readHParams(bytes: Uint8Array): HParams {
  const params = new Map<string, string>();
  let group: string | null = null;
  let startedAtMs: number | null = null;
  let endedAtMs: number | null = null;
  let status: RunStatus | null = null;
  readMessage(bytes, (field, reader) => {
    if (field === 3)
      readMessage(reader.bytes(), (inner, info) => {
        if (inner === 1) addParam(params, info.bytes());
        else if (inner === 4) group = info.string();
        else if (inner === 5) startedAtMs = msOf(info.double());
        else return false;
        return true;
      });
    else if (field === 4)
      readMessage(reader.bytes(), (inner, info) => {
        if (inner === 1) status = STATUSES.get(info.int32()) ?? null;
        else if (inner === 2) endedAtMs = msOf(info.double());
        else return false;
        return true;
      });
    else return false;
    return true;
  });
  const list = [...params].map(([key, value]) => ({ key, value }));
  return { params: list, group: group || null, startedAtMs, endedAtMs, status };
}

/** An entry of a map from a name to a `google.protobuf.Value`. */
function addParam(params: Map<string, string>, bytes: Uint8Array): void {
  let key = '';
  let value = '';
  readMessage(bytes, (field, reader) => {
    if (field === 1) key = reader.string();
    else if (field === 2) value = valueText(reader.bytes());
    else return false;
    return true;
  });
  params.set(key, value);
}

function valueText(bytes: Uint8Array): string {
  let text = '';
  readMessage(bytes, (field, reader) => {
    if (field === 2) text = numberText(reader.double());
    else if (field === 3) text = reader.string();
    else if (field === 4) text = String(reader.bool());
    else return false;
    return true;
  });
  return text;
}

const numberText = (value: number): string => (Object.is(value, -0) ? '-0' : String(value));
const msOf = (seconds: number): number | null => (seconds > 0 ? Math.round(seconds * 1_000) : null);
