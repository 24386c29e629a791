import { readMessage } from '../protobuf-fields';
import { readTensor, type Tensor } from './tensor-value';

/** A value of an event, under its tag. */
export interface SummaryValue {
  readonly tag: string;
  /** Of a `simple_value`. */
  readonly number: number | null;
  readonly tensor: Tensor | null;
  /** Of the kinds that have a field of their own: images, histograms, audio. */
  readonly kind: string | null;
  /** Which plugin shows it, and what that plugin keeps of it: writers say it once for each tag. */
  readonly plugin: string | null;
  readonly pluginContent: Uint8Array | null;
}

/** What of TensorFlow's `Event` is read. */
export interface TbEvent {
  /** Seconds since 1970. */
  readonly wallTime: number;
  readonly step: number | bigint;
  readonly values: readonly SummaryValue[];
  /** What it holds that is no summary; null for summaries and for the line that begins a file. */
  readonly other: string | null;
}

const OTHERS = new Map([
  [4, 'graphs'],
  [6, 'log messages'],
  [8, 'run metadata'],
  [9, 'graphs'],
]);
const KINDS = new Map([
  [3, 'histograms'],
  [4, 'images'],
  [5, 'histograms'],
  [6, 'audio'],
]);

/** Throws where the bytes are no event. */
export function readEvent(bytes: Uint8Array): TbEvent {
  let wallTime = 0;
  let step: number | bigint = 0;
  let other: string | null = null;
  let values: readonly SummaryValue[] = [];
  readMessage(bytes, (field, reader) => {
    if (field === 1) wallTime = reader.double();
    else if (field === 2) step = wholeNumber(reader.int64());
    else if (field === 5) values = readSummary(reader.bytes());
    else {
      other = OTHERS.get(field) ?? other;
      return false;
    }
    return true;
  });
  return { wallTime, step, values, other };
}

function readSummary(bytes: Uint8Array): readonly SummaryValue[] {
  const values: SummaryValue[] = [];
  readMessage(bytes, (field, reader) => {
    if (field !== 1) return false;
    values.push(readValue(reader.bytes()));
    return true;
  });
  return values;
}

function readValue(bytes: Uint8Array): SummaryValue {
  let tag = '';
  let number: number | null = null;
  let tensor: Tensor | null = null;
  let kind: string | null = null;
  let plugin: Plugin | null = null;
  readMessage(bytes, (field, reader) => {
    if (field === 1) tag = reader.string();
    else if (field === 2) number = reader.float();
    else if (field === 8) tensor = readTensor(reader.bytes());
    else if (field === 9) plugin = readMetadata(reader.bytes());
    else {
      kind = KINDS.get(field) ?? kind;
      return false;
    }
    return true;
  });
  const { name = null, content = null } = (plugin as Plugin | null) ?? {};
  return { tag, number, tensor, kind, plugin: name, pluginContent: content };
}

interface Plugin {
  readonly name: string | null;
  readonly content: Uint8Array | null;
}

/** `SummaryMetadata`: its `plugin_data`, and its class for tags that no plugin has named. */
function readMetadata(bytes: Uint8Array): Plugin {
  let name: string | null = null;
  let content: Uint8Array | null = null;
  let isScalar = false;
  readMessage(bytes, (field, reader) => {
    if (field === 4) isScalar = reader.int32() === 1;
    else if (field !== 1) return false;
    else
      readMessage(reader.bytes(), (inner, data) => {
        if (inner === 1) name = data.string();
        else if (inner === 2) content = data.bytes();
        else return false;
        return true;
      });
    return true;
  });
  return { name: name || (isScalar ? 'scalars' : null), content };
}

const wholeNumber = (given: bigint | string): number | bigint => {
  const integer = BigInt(given);
  return Number.isSafeInteger(Number(integer)) ? Number(integer) : integer;
};
