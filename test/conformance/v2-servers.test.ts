import type { RemoteBackend } from '../../src/serving/backends/remote';
import { keepsBackendContract, stopsWhatNobodyWaitsFor, type Feature } from '../support/backend-contract';
import { V2_SCHEMES, V2Server, type V2Scheme } from '../support/v2-server';

interface Kind {
  /** A Python with what a file of `servers` asks for; `.ci/v2-servers.sh` makes them. */
  readonly python: string | undefined;
  readonly script: string;
  readonly lacks: Readonly<Record<V2Scheme, Partial<Record<Feature, RegExp>>>>;
}
const ONLY_TEXTS = /bytes that are not UTF-8 in element 1, which travel as bytes only/;
/** It answers JSON only, in which NaN and infinity are null. */
const ONLY_JSON = {
  NaN: /null in place of a number/,
  FP16: /travels as bytes only/,
  'bytes that are no text': ONLY_TEXTS,
};
/** Its batches have a row at least, and its tensors an axis. */
const OF_TRITON = { 'no rows': /byte size mismatch/, 'a scalar': /unknown model: 'scalar'/ };
const SERVERS: Readonly<Record<string, Kind>> = {
  Triton: {
    python: process.env.TRITON_PYTHON,
    script: 'triton.py',
    lacks: { http: OF_TRITON, grpc: OF_TRITON },
  },
  KServe: {
    python: process.env.KSERVE_PYTHON,
    script: 'kserve_models.py',
    lacks: { http: { 'bytes that are no text': ONLY_TEXTS }, grpc: {} },
  },
  MLServer: {
    python: process.env.MLSERVER_PYTHON,
    script: 'mlserver_models.py',
    lacks: { http: ONLY_JSON, grpc: {} },
  },
};

describe.each(Object.entries(SERVERS))('%s', (_name, { python, script, lacks }) => {
  if (!python) return test.skip('is not here', () => undefined);
  let server: V2Server;
  let remote: RemoteBackend;
  beforeAll(async () => {
    server = await V2Server.start(python, script);
    remote = server.backend();
  });
  afterAll(async () => {
    await remote?.stop();
    await server?.stop();
  });

  describe.each(V2_SCHEMES)('over %s', (scheme) => {
    const subject = () => ({ backend: remote, file: (model: string) => server.file(scheme, model) });
    keepsBackendContract(subject, lacks[scheme]);
    stopsWhatNobodyWaitsFor(subject);
  });
});
