/** What the server reads; the README lists the same names. */
export const SETTINGS = [
  'HOST',
  'PORT',
  'GRPC_PORT',
  'MODEL_STORE',
  'DATABASE_URL',
  'ADMIN_KEY_FILE',
  'ONNX_WORKERS',
  'ONNX_PROVIDERS',
  'ONNX_WORKER_MEMORY_MB',
  'ONNX_THREADS',
  'REDIS_URL',
  'CACHE_URL',
  'WORKER_PRICE_PER_HOUR',
  'GPU_PRICE_PER_HOUR',
  'REMOTE_PRICE_PER_HOUR',
  'WORKER_PRICE_CURRENCY',
  'REMOTE_BACKENDS',
  'REMOTE_CREDENTIALS_FILE',
  'MAX_ARTIFACT_BYTES',
  'ARTIFACT_GRACE_HOURS',
  'S3_ENDPOINT',
  'AWS_REGION',
  'S3_PATH_STYLE',
  'ARTIFACT_CACHE',
  'ARTIFACT_CACHE_MB',
  'DATASET_SOURCES',
  'PUBLIC_URL',
  'WEBHOOK_PRIVATE_HOSTS',
  'WEBHOOK_KEY_FILE',
  'MODELGRAPH_ROLE',
  'WORKERS',
  'WORKER_URL',
  'WORKER_TOKEN',
  'DRAIN_TIMEOUT_MS',
  'GRAPHQL_COMPILE_AFTER',
  'LOG_LEVEL',
] as const;

const PREFIX = 'MODELGRAPH_';
/** Of the command line, the client, the scripts that repeat a run, and our own tests. */
const OF_OTHER_PROGRAMS =
  /^MODELGRAPH_(URL|KEY|CAPTURE|CONTAINER_IMAGE|FILES|ENDPOINT|GRPC|SOAK_S|SWIFTSHADER|TEST_\w+)$/;
/** What Kubernetes and Docker tell a container of services whose names begin as ours does. */
const OF_SERVICES = /_SERVICE_(HOST|PORT)(_\w+)?$|_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/;
const ADDRESS_OF_SERVICE = /^(tcp|udp|sctp):\/\//;
/** Shortest name without our prefix that is taken for one of ours: a shorter one may well be another program's. */
const SHORTEST_FOREIGN = 8;

/** A variable that nobody reads, though somebody may have meant a setting by it. */
export interface UnknownName {
  readonly name: string;
  /** The setting whose name is most like it; null where none is. */
  readonly nearest: string | null;
}

/**
 * Names that begin as ours do and are none, and others in which one letter of a setting's name is missing, added, or
 * has changed places with the next.
 */
export function unknownNames(environment: Readonly<Record<string, string | undefined>>): UnknownName[] {
  return Object.entries(environment).flatMap(([name, value = '']): UnknownName[] => {
    if (isKnown(name, value)) return [];
    if (name.startsWith(PREFIX)) return [{ name, nearest: nearestTo(name) }];
    const meant = SETTINGS.find((setting) => isSlipOf(name, setting));
    return meant === undefined ? [] : [{ name, nearest: meant }];
  });
}

const isKnown = (name: string, value: string): boolean =>
  (SETTINGS as readonly string[]).includes(name) ||
  OF_OTHER_PROGRAMS.test(name) ||
  OF_SERVICES.test(name) ||
  ADDRESS_OF_SERVICE.test(value);

/** Most settings do not have our prefix, which is the likeliest mistake of all. */
function nearestTo(name: string): string | null {
  let [nearest, least]: [string | null, number] = [null, Infinity];
  for (const written of [name, name.slice(PREFIX.length)])
    for (const setting of SETTINGS) {
      const edits = editsBetween(written, setting);
      if (edits < least && edits <= setting.length / 3) [nearest, least] = [setting, edits];
    }
  return nearest;
}

/** Not one letter for another: `REDIS_URI` may be somebody else's. */
const isSlipOf = (name: string, setting: string): boolean =>
  name.length >= SHORTEST_FOREIGN &&
  name.includes('_') &&
  Math.abs(name.length - setting.length) <= 1 &&
  editsBetween(name, setting) === 1 &&
  (name.length !== setting.length || sorted(name) === sorted(setting));

const sorted = (text: string) => [...text].sort().join('');

/** Letters that are missing, added or changed, and neighbours that have changed places (optimal string alignment). */
function editsBetween(one: string, other: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let row = 1; row <= one.length; row += 1) {
    const line = [row];
    for (let column = 1; column <= other.length; column += 1) {
      const isSame = one[row - 1] === other[column - 1];
      const isSwap = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      const edits = [at(last, column) + 1, at(line, column - 1) + 1, at(last, column - 1) + (isSame ? 0 : 1)];
      if (isSwap) edits.push(at(beforeLast, column - 2) + 1);
      line.push(Math.min(...edits));
    }
    [beforeLast, last] = [last, line];
  }
  return at(last, other.length);
}

const at = (line: readonly number[], column: number) => line[column] ?? Infinity;
