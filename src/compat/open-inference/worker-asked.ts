import {
  InvalidInput,
  type ApiProcessId,
  type InstanceLimit,
  type LeasedName,
  type WorkerCalls,
  type WorkerMethod,
  type WorkerNode,
} from '../../serving/serving';

/** Most models that one process may lease here: many more than fit into any memory. */
const MAX_LEASES = 10_000;
/** Longest measurement, in runs. */
const MAX_SAMPLES = 10_000;

export type Asked = Readonly<Record<string, unknown>>;
type Calls = {
  readonly [Method in WorkerMethod]: (asked: Asked) => Promise<WorkerCalls[Method]['answer']>;
};

/** What `api` processes ask in JSON. They are of our own version or nearly so: what does not fit is refused whole. */
export function workerCalls(node: WorkerNode): Calls {
  return {
    attend: ({ api, leases, limits = [] }) => {
      const isFine = [leases, limits].every((list) => isList(list) && list.length <= MAX_LEASES);
      if (typeof api !== 'string' || !isFine)
        throw new InvalidInput(`expected {api, leases, limits}, with at most ${MAX_LEASES} of each.`);
      return Promise.resolve(
        node.attend({
          api: api as ApiProcessId,
          leases: (leases as readonly unknown[]).map(leaseOf),
          limits: (limits as readonly unknown[]).map(limitOf),
        }),
      );
    },
    gpus: () => node.gpus(),
    inspect: ({ sha256 }) => node.inspect(String(sha256)),
    nullable: ({ sha256, columns }) => {
      if (!isList(columns)) throw new InvalidInput('columns: expected a list.');
      return node.nullable(String(sha256), columns as WorkerCalls['nullable']['asked']['columns']);
    },
    measureLatency: ({ sha256, samples, inputs }) => {
      const count = Number(samples);
      if (!Number.isInteger(count) || count < 1 || count > MAX_SAMPLES || !isList(inputs))
        throw new InvalidInput(`expected samples from 1 to ${MAX_SAMPLES}, and a list of inputs.`);
      return node.measureLatency(
        String(sha256),
        count,
        inputs as WorkerCalls['measureLatency']['asked']['inputs'],
      );
    },
  };
}

/** @throws InvalidInput where the bytes are no JSON object */
export function parseAsked(bytes: Buffer): Asked {
  try {
    const value: unknown = JSON.parse(bytes.toString());
    if (typeof value === 'object' && value !== null) return value as Asked;
  } catch {
    // as any other bytes
  }
  throw new InvalidInput('expected a JSON object.');
}

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);

function limitOf(value: unknown): InstanceLimit {
  const { sha256, instances } = (value ?? {}) as Partial<InstanceLimit>;
  if (typeof sha256 !== 'string' || !Number.isInteger(instances) || Number(instances) < 1)
    throw new InvalidInput('limits: expected {sha256, instances} each.');
  return { sha256, instances: Number(instances) };
}

function leaseOf(value: unknown): LeasedName {
  const { sha256, rows } = (value ?? {}) as Partial<LeasedName>;
  if (typeof sha256 !== 'string' || !Number.isInteger(rows) || Number(rows) < 1)
    throw new InvalidInput('leases: expected {sha256, rows} each.');
  return { sha256, rows: Number(rows) };
}
