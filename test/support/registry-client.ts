import { floats, oneNode, value } from './onnx-models';
import type { ApiClient, Member } from './api-client';

/** y[N, width] = x[N, width] · factor: as many versions of one contract as a test needs. */
export const scaled = (factor: number, width = 2): Uint8Array =>
  oneNode(
    { opType: 'Mul', input: ['x', 'k'], output: ['y'] },
    [value('x', 'FP32', ['N', width])],
    [value('y', 'FP32', ['N', width])],
    [floats('k', [1], [factor])],
  );

const VERSION = `id ref number ordinal format description createdAt
  reason { component summary evidence }
  signature { columns { name datatype nullable } inputs { name datatype shape } outputs { name datatype shape } labels }
  artifact { sha256 sizeBytes path }
  metrics { key last min max lastStep dataset { ref } }`;
const ERROR =
  '... on UserError { code message } ... on InvalidInputError { issues { path expected actual } }';
const GATES = 'gates { name passed actual limit unit message }';

type Input = Record<string, unknown>;
interface Version {
  readonly id: string;
  readonly ref: string;
  readonly number: string;
  readonly ordinal: number;
  readonly format: string;
  readonly reason: {
    readonly component: string;
    readonly summary: string;
    readonly evidence: readonly string[];
  };
  readonly signature: { readonly columns: readonly object[] };
  readonly metrics: readonly object[];
}
interface Gate {
  readonly name: string;
  readonly passed: boolean;
  readonly message: string;
}
interface Pointer {
  readonly name: string;
  readonly revision: number;
  readonly version: { readonly ref: string };
}
interface Move extends Pointer {
  readonly kind: string;
}
type Created = Member & { readonly created: boolean; readonly model: object };
type Registered = Member & { readonly created: boolean; readonly version: Version };
type Promoted = Member & {
  readonly alias: Pointer;
  readonly gates: readonly Gate[];
  readonly actualRevision: number;
};
type RolledBack = Member & { readonly alias: Pointer; readonly actualRevision: number };

/** The registry as a client sees it; every method answers the member of the result union. */
export class RegistryClient {
  constructor(private readonly server: ApiClient) {}

  async createModel(input: Input): Promise<Created> {
    const query = `mutation ($input: CreateModelInput!) { createModel(input: $input) { __typename ${ERROR}
      ... on CreateModelSuccess { created model { id name description optimizing { key direction tolerance } limits { key comparison value } } } } }`;
    return (await this.server.data<{ createModel: Created }>(query, { input })).createModel;
  }

  /** Uploads the bytes and registers them. */
  async register(model: string, bytes: Uint8Array | string, more: Input = {}): Promise<Registered> {
    return this.registerUploaded(model, await this.server.upload(bytes), more);
  }

  async registerUploaded(model: string, sha256: string, more: Input = {}): Promise<Registered> {
    const query = `mutation ($input: RegisterModelVersionInput!) { registerModelVersion(input: $input) {
      __typename ${ERROR} ... on RegisterModelVersionSuccess { created version { ${VERSION} } } } }`;
    const input = { model, artifact: { sha256 }, ...more };
    return (await this.server.data<{ registerModelVersion: Registered }>(query, { input }))
      .registerModelVersion;
  }

  /** Registers what must succeed, and gives its reference. */
  async version(model: string, bytes: Uint8Array, more: Input = {}): Promise<string> {
    const { __typename, message, version } = await this.register(model, bytes, more);
    if (__typename !== 'RegisterModelVersionSuccess') throw new Error(`${__typename}: ${message}`);
    return version.ref;
  }

  async promote(ref: string, alias: string, more: Input = {}): Promise<Promoted> {
    const query = `mutation ($input: PromoteModelVersionInput!) { promoteModelVersion(input: $input) {
      __typename ${ERROR} ... on GateNotPassedError { ${GATES} } ... on RevisionConflictError { actualRevision }
      ... on PromoteModelVersionSuccess { alias { name revision version { ref } } previous { ref } ${GATES} } } }`;
    const input = { ref, alias, ...more };
    return (await this.server.data<{ promoteModelVersion: Promoted }>(query, { input })).promoteModelVersion;
  }

  async rollBack(model: string, alias: string, more: Input = {}): Promise<RolledBack> {
    const query = `mutation ($input: RollbackAliasInput!) { rollbackAlias(input: $input) {
      __typename ${ERROR} ... on RevisionConflictError { actualRevision }
      ... on RollbackAliasSuccess { alias { name revision version { ref } } from { ref } } } }`;
    const input = { model, alias, reason: 'A test.', ...more };
    return (await this.server.data<{ rollbackAlias: RolledBack }>(query, { input })).rollbackAlias;
  }

  /** Null where the model or the alias does not exist. */
  async aliasOf(
    model: string,
    alias: string,
  ): Promise<(Pointer & { readonly history: readonly Move[] }) | null> {
    const query = `query ($model: String!, $alias: String!) { model(name: $model) { alias(name: $alias) {
      name revision version { ref } history { at kind revision reason actor version { ref } } } } }`;
    type Found = { model: { alias: (Pointer & { history: Move[] }) | null } | null };
    return (await this.server.data<Found>(query, { model, alias })).model?.alias ?? null;
  }

  /** Registers a small table as a dataset version, and gives its reference. */
  async dataset(name: string, csv = 'a,b\n1,2\n'): Promise<string> {
    const sha256 = await this.server.upload(csv);
    const query = `mutation ($input: RegisterDatasetVersionInput!) { registerDatasetVersion(input: $input) {
      __typename ${ERROR} ... on RegisterDatasetVersionSuccess { version { ref } } } }`;
    type Registered = { registerDatasetVersion: { version: { ref: string } } };
    const { registerDatasetVersion } = await this.server.data<Registered>(query, {
      input: { dataset: name, artifact: { sha256 } },
    });
    return registerDatasetVersion.version.ref;
  }
}
