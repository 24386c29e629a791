import { join, resolve } from 'node:path';
import { LEAST_GRACE_HOURS } from './artifacts/artifact-references';
import { checkFiles } from './config-files';
import { unknownNames, type UnknownName } from './config-names';
import { checkUrls } from './config-urls';
import { LOG_LEVELS, type LogLevel } from './logger';
import { cores } from './machine';
import { parsePrices, type Prices } from './prices';
import { parseRemotePlace, type RemotePlace } from './remote-place';
import type { S3Access } from './artifacts/s3';
import {
  checkSharedNeeds,
  isBucketUrl,
  parseBucket,
  parseDatasetSources,
  parseS3Access,
  type BucketConfig,
  type BucketPlace,
} from './artifacts/s3-config';
import { parseWorkerAddresses, parseWorkerUrl, type WorkerAddresses } from './worker-addresses';

/**
 * `all`: everything in one process; `api`: all but models, which `worker` processes run; `worker`: nothing but models.
 */
export const ROLES = ['all', 'api', 'worker'] as const;
export type Role = (typeof ROLES)[number];

export interface Config {
  readonly role: Role;
  readonly host: string;
  readonly port: number;
  readonly grpcPort: number;
  /** Folder of the artifacts, the embedded database and the admin key; with a bucket nothing of these is there. */
  readonly storeFolder: string;
  /** Where artifacts are; null: in the folder. */
  readonly bucket: BucketConfig | null;
  /** Buckets, or parts of them, from which data may be read; none where empty. */
  readonly datasetSources: readonly BucketPlace[];
  /** How S3 servers are reached; null where nothing needs one. */
  readonly s3: S3Access | null;
  /** Null: the embedded database. */
  readonly databaseUrl: string | null;
  readonly adminKeyFile: string;
  /** Where an `api` process finds workers. */
  readonly workers: WorkerAddresses;
  /** `host:port` under which a `worker` process is to be called; null: it finds out. */
  readonly workerAddress: string | null;
  /** What `api` processes show to workers; null: what `workerTokenFile` holds. */
  readonly workerToken: string | null;
  readonly workerTokenFile: string;
  readonly onnxWorkers: number;
  /** Memory that one worker may take, in bytes; null: its share of the machine. */
  readonly onnxWorkerMemoryBytes: number | null;
  /** Threads of one run. */
  readonly onnxThreads: number;
  readonly onnxProviders: readonly string[];
  /** The whole environment of a worker: what a GPU provider's libraries need, and no secrets. */
  readonly onnxEnvironment: Readonly<Record<string, string>>;
  /** The whole environment of programs that tell of the machine's devices. */
  readonly deviceEnvironment: Readonly<Record<string, string>>;
  /** Where processes share remembered predictions; null: each remembers its own. */
  readonly cacheUrl: string | null;
  /** Servers that models may be asked of; none where empty. */
  readonly remoteBackends: readonly RemotePlace[];
  /** Secrets by name, each with the servers that it may be sent to; null: there are none. */
  readonly remoteCredentialsFile: string | null;
  /** What hours of workers and of other servers cost; null: unknown. */
  readonly prices: Prices | null;
  /** Where webhooks may go besides the public internet; `*`: anywhere. */
  readonly webhookPrivateHosts: readonly RemotePlace[] | '*';
  /** Holds the key of webhooks' secrets; made when it is first needed. */
  readonly webhookKeyFile: string;
  readonly maxArtifactBytes: number;
  /** How long artifacts stay that nothing refers to. */
  readonly artifactGraceHours: number;
  /** Where clients reach this server, without a slash at its end; null: as each of them says. */
  readonly publicUrl: string | null;
  /** How long calls in flight may take to end after a request to stop. */
  readonly drainTimeoutMs: number;
  /** The use of an operation from which on it runs as a compiled function; 0: never. */
  readonly compileAfterUses: number;
  readonly logLevel: LogLevel;
  /** Variables by which settings may have been meant. */
  readonly unknownNames: readonly UnknownName[];
}

/** Everything that is wrong with the configuration, at once. */
export class ConfigError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(`The configuration is invalid:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

const DEFAULT_STORE = 'model-store';
const MEBIBYTE = 1024 ** 2;
const GIBIBYTE = 1024 ** 3;
/** Least memory of a worker, in MiB: the runtime itself takes about 80. */
const LEAST_WORKER_MEMORY_MB = 128;
const LOCAL_HOSTS = ['127.0.0.1', '::1', 'localhost'];
/** As long as an API key may be. */
const WORKER_TOKEN = /^[\x21-\x7e]{20,512}$/;
const ONNX_PROVIDERS = ['cpu', 'cuda', 'webgpu', 'tensorrt', 'coreml', 'dml'];

/** Reads the environment; the README lists the same names. An empty variable counts as absent. */
export function parseConfig(environment: Environment = process.env): Config {
  const problems: string[] = [];
  const text = (name: string) => environment[name]?.trim() || undefined;
  const integer = (name: string, fallback: number, min: number, max: number) => {
    const raw = text(name);
    if (raw === undefined) return fallback;
    const value = Number(raw);
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    problems.push(`${name}: expected a whole number from ${min} to ${max}, got “${raw}”.`);
    return fallback;
  };
  const oneOf = <Value extends string>(name: string, values: readonly Value[], fallback: Value): Value => {
    const raw = text(name);
    const value = raw === undefined ? fallback : values.find((known) => known === raw);
    if (value === undefined) problems.push(`${name}: expected one of ${values.join(', ')}, got “${raw}”.`);
    return value ?? fallback;
  };
  const providers = (text('ONNX_PROVIDERS') ?? 'cpu').split(',').map((provider) => provider.trim());
  for (const provider of providers) {
    if (!ONNX_PROVIDERS.includes(provider)) {
      problems.push(
        `ONNX_PROVIDERS: expected a comma-separated list of ${ONNX_PROVIDERS.join(', ')}, got “${provider}”.`,
      );
    }
  }
  const store = text('MODEL_STORE') ?? DEFAULT_STORE;
  const isInBucket = isBucketUrl(store);
  if (!isInBucket && /^[a-z0-9]+:\/\//i.test(store))
    problems.push(`MODEL_STORE: expected a folder or s3://bucket/prefix, got “${store}”.`);
  const databaseUrl = text('DATABASE_URL') ?? null;
  checkUrls({ text, problems });
  const places = (name: string, example: string) =>
    (text(name) ?? '')
      .split(',')
      .filter((place) => place.trim() !== '')
      .flatMap((place) => {
        const known = parseRemotePlace(place);
        if (!known)
          problems.push(
            `${name}: expected a comma-separated list such as ${example}; got “${place.trim()}”.`,
          );
        return known ?? [];
      });
  const remoteBackends = places(
    'REMOTE_BACKENDS',
    'http://triton:8000, grpc://*.models.internal:8001, 10.0.0.7:8501',
  );
  const webhookPrivateHosts =
    text('WEBHOOK_PRIVATE_HOSTS') === '*'
      ? '*'
      : places(
          'WEBHOOK_PRIVATE_HOSTS',
          'http://hooks.internal:8080, https://*.internal, 10.0.0.7:9000, or *',
        );
  const credentialsFile = text('REMOTE_CREDENTIALS_FILE');
  const role = roleOf(text('MODELGRAPH_ROLE'), isInBucket || databaseUrl !== null, problems);
  const variables = { text, integer, problems };
  const datasetSources = parseDatasetSources(variables);
  const needers = [
    ...(isInBucket ? ['MODEL_STORE=s3://…'] : []),
    ...(datasetSources.length > 0 ? ['DATASET_SOURCES'] : []),
  ];
  const s3 = parseS3Access(variables, needers);
  const bucket = parseBucket(variables, store, s3);
  if (isInBucket) checkSharedNeeds(variables, role);
  const workers = parseWorkerAddresses(text('WORKERS') ?? 'grpc://127.0.0.1');
  if (typeof workers === 'string') problems.push(`WORKERS: ${workers}`);
  else if (text('WORKERS') && role === 'all')
    problems.push('WORKERS: only MODELGRAPH_ROLE=api has workers elsewhere; this role runs models itself.');
  const workerUrl = text('WORKER_URL');
  const workerAddress = workerUrl === undefined ? null : parseWorkerUrl(workerUrl);
  if (workerUrl !== undefined && workerAddress === null)
    problems.push(`WORKER_URL: expected grpc://host:port, got “${workerUrl}”.`);
  const workerToken = text('WORKER_TOKEN') ?? null;
  if (workerToken !== null && !WORKER_TOKEN.test(workerToken))
    problems.push('WORKER_TOKEN: expected 20 to 512 printable characters without spaces.');
  const prices = parsePrices(variables);
  const publicUrl = text('PUBLIC_URL')?.replace(/\/+$/, '') ?? null;
  if (publicUrl !== null && !/^https?:\/\/[^\s/?#@]+(\/[^\s?#]*)?$/.test(publicUrl))
    problems.push(`PUBLIC_URL: expected an address such as https://models.example.org, got “${publicUrl}”.`);
  const storeFolder = resolve(isInBucket ? DEFAULT_STORE : store);
  const onnxWorkers = integer('ONNX_WORKERS', cores(), 1, 256);
  const workerMemoryMb = integer('ONNX_WORKER_MEMORY_MB', 0, 0, 16 * 1024 * 1024);
  if (workerMemoryMb > 0 && workerMemoryMb < LEAST_WORKER_MEMORY_MB)
    problems.push(
      `ONNX_WORKER_MEMORY_MB: expected 0 (a share of the machine) or at least ${LEAST_WORKER_MEMORY_MB}, got “${workerMemoryMb}”.`,
    );
  const config: Config = {
    role,
    host: text('HOST') ?? '127.0.0.1',
    port: integer('PORT', 4000, 0, 65_535),
    grpcPort: integer('GRPC_PORT', 4001, 0, 65_535),
    storeFolder,
    bucket,
    datasetSources,
    s3,
    databaseUrl,
    adminKeyFile: resolve(text('ADMIN_KEY_FILE') ?? join(storeFolder, 'admin.key')),
    workers: typeof workers === 'string' || !text('WORKERS') ? { kind: 'rows' } : workers,
    workerAddress,
    workerToken,
    workerTokenFile: join(storeFolder, 'worker.token'),
    onnxWorkers,
    onnxWorkerMemoryBytes: workerMemoryMb === 0 ? null : workerMemoryMb * MEBIBYTE,
    // The workers share the cores among themselves: with more threads they would only take turns.
    onnxThreads: integer('ONNX_THREADS', 0, 0, 256) || Math.max(1, Math.floor(cores() / onnxWorkers)),
    onnxProviders: providers,
    onnxEnvironment: pick(environment, WORKER_VARIABLES),
    deviceEnvironment: pick(environment, [...WORKER_VARIABLES, 'PATH']),
    cacheUrl: text('CACHE_URL') ?? text('REDIS_URL') ?? null,
    remoteBackends,
    remoteCredentialsFile: credentialsFile === undefined ? null : resolve(credentialsFile),
    prices,
    webhookPrivateHosts,
    webhookKeyFile: resolve(text('WEBHOOK_KEY_FILE') ?? join(storeFolder, 'webhook.key')),
    maxArtifactBytes: integer('MAX_ARTIFACT_BYTES', 5 * GIBIBYTE, 1, Number.MAX_SAFE_INTEGER),
    artifactGraceHours: integer('ARTIFACT_GRACE_HOURS', 24, LEAST_GRACE_HOURS, 8_760),
    publicUrl,
    drainTimeoutMs: integer('DRAIN_TIMEOUT_MS', 10_000, 0, 600_000),
    compileAfterUses: integer('GRAPHQL_COMPILE_AFTER', 3, 0, 1_000_000),
    logLevel: oneOf<LogLevel>('LOG_LEVEL', LOG_LEVELS, 'info'),
    unknownNames: unknownNames(environment),
  };
  const { adminKeyFile, webhookKeyFile, remoteCredentialsFile } = config;
  const files = [
    { setting: 'ADMIN_KEY_FILE', path: adminKeyFile, isMade: true },
    { setting: 'WEBHOOK_KEY_FILE', path: webhookKeyFile, isMade: true },
    { setting: 'REMOTE_CREDENTIALS_FILE', path: remoteCredentialsFile, isMade: false },
  ];
  if (role !== 'worker') checkFiles(files, problems); // a worker opens none of them
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

/**
 * A role that processes share work by needs what they share: the server database and the artifacts.
 *
 * @param isShared whether there is one, or its lack is told elsewhere
 */
function roleOf(raw: string | undefined, isShared: boolean, problems: string[]): Role {
  const role = raw === undefined ? 'all' : ROLES.find((known) => known === raw);
  if (raw === 'pipelines')
    problems.push(
      'MODELGRAPH_ROLE: “pipelines” is to come; until then there are no pipelines. Expected all, api or worker.',
    );
  else if (role === undefined)
    problems.push(`MODELGRAPH_ROLE: expected one of ${ROLES.join(', ')}, got “${raw}”.`);
  else if (role !== 'all' && !isShared)
    problems.push(
      `MODELGRAPH_ROLE=${role}: needs DATABASE_URL, since the embedded database belongs to one process.`,
    );
  return role ?? 'all';
}

/** Variables that CUDA's and Vulkan's loaders read, and where temporary files go. */
const WORKER_VARIABLES = [
  'LD_LIBRARY_PATH',
  'CUDA_VISIBLE_DEVICES',
  'CUDA_DEVICE_ORDER',
  'NVIDIA_VISIBLE_DEVICES',
  'VK_DRIVER_FILES',
  'VK_ICD_FILENAMES',
  'TMPDIR',
];

function pick(environment: Environment, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (environment[name] ? [[name, environment[name]]] : [])));
}

/** Whether only programs on this machine can reach the server. */
export const isLocalHost = (host: string): boolean => LOCAL_HOSTS.includes(host);

/** Where artifacts are, as `MODEL_STORE` has it. */
export const storeName = ({ bucket, storeFolder }: Config): string =>
  bucket ? `s3://${bucket.bucket}/${bucket.prefix}` : storeFolder;
