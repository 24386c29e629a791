import { floats, oneNode, value } from './onnx-models';
import type { Answer, ApiClient } from './api-client';

/** y[N, width] = x[N, width] · factor: as many versions of one contract as a test needs. */
export const scaled = (factor: number, width = 2): Uint8Array =>
  oneNode(
    { opType: 'Mul', input: ['x', 'k'], output: ['y'] },
    [value('x', 'FP32', ['N', width])],
    [value('y', 'FP32', ['N', width])],
    [floats('k', [1], [factor])],
  );

const VERSION = `id ref number ordinal description createdAt
  reason { component summary evidence }
  signature { columns { name datatype nullable } inputs { name datatype shape } outputs { name datatype shape } labels }
  artifact { sha256 sizeBytes path }
  metrics { key last min max lastStep dataset { ref } }`;
const ERROR =
  '... on UserError { code message } ... on InvalidInputError { issues { path expected actual } }';
const GATES = 'gates { name passed actual limit unit message }';

type Input = Record<string, unknown>;
type Member = Answer['data'];

/** The registry as a client sees it; every method answers the member of the result union. */
export class RegistryClient {
  constructor(private readonly server: ApiClient) {}

  async createModel(input: Input): Promise<Member> {
    const query = `mutation ($input: CreateModelInput!) { createModel(input: $input) { __typename ${ERROR}
      ... on CreateModelSuccess { created model { id name description optimizing { key direction tolerance } limits { key comparison value } } } } }`;
    return (await this.server.data(query, { input })).createModel;
  }

  /** Uploads the bytes and registers them. */
  async register(model: string, bytes: Uint8Array | string, more: Input = {}): Promise<Member> {
    return this.registerUploaded(model, await this.server.upload(bytes), more);
  }

  async registerUploaded(model: string, sha256: string, more: Input = {}): Promise<Member> {
    const query = `mutation ($input: RegisterModelVersionInput!) { registerModelVersion(input: $input) {
      __typename ${ERROR} ... on RegisterModelVersionSuccess { created version { ${VERSION} } } } }`;
    return (await this.server.data(query, { input: { model, artifact: { sha256 }, ...more } }))
      .registerModelVersion;
  }

  /** Registers what must succeed, and gives its reference. */
  async version(model: string, bytes: Uint8Array, more: Input = {}): Promise<string> {
    const { __typename, message, version } = await this.register(model, bytes, more);
    if (__typename !== 'RegisterModelVersionSuccess') throw new Error(`${__typename}: ${message}`);
    return version.ref as string;
  }

  async promote(ref: string, alias: string, more: Input = {}): Promise<Member> {
    const query = `mutation ($input: PromoteModelVersionInput!) { promoteModelVersion(input: $input) {
      __typename ${ERROR} ... on GateNotPassedError { ${GATES} } ... on RevisionConflictError { actualRevision }
      ... on PromoteModelVersionSuccess { alias { name revision version { ref } } previous { ref } ${GATES} } } }`;
    return (await this.server.data(query, { input: { ref, alias, ...more } })).promoteModelVersion;
  }

  async rollBack(model: string, alias: string, more: Input = {}): Promise<Member> {
    const query = `mutation ($input: RollbackAliasInput!) { rollbackAlias(input: $input) {
      __typename ${ERROR} ... on RevisionConflictError { actualRevision }
      ... on RollbackAliasSuccess { alias { name revision version { ref } } from { ref } } } }`;
    return (await this.server.data(query, { input: { model, alias, reason: 'A test.', ...more } }))
      .rollbackAlias;
  }

  /** Null where the model or the alias does not exist. */
  async aliasOf(model: string, alias: string): Promise<Member> {
    const query = `query ($model: String!, $alias: String!) { model(name: $model) { alias(name: $alias) {
      name revision version { ref } history { at kind revision reason actor version { ref } } } } }`;
    return (await this.server.data(query, { model, alias })).model?.alias ?? null;
  }

  /** Registers a small table as a dataset version, and gives its reference. */
  async dataset(name: string, csv = 'a,b\n1,2\n'): Promise<string> {
    const sha256 = await this.server.upload(csv);
    const query = `mutation ($input: RegisterDatasetVersionInput!) { registerDatasetVersion(input: $input) {
      __typename ${ERROR} ... on RegisterDatasetVersionSuccess { version { ref } } } }`;
    const { registerDatasetVersion } = await this.server.data(query, {
      input: { dataset: name, artifact: { sha256 } },
    });
    return registerDatasetVersion.version.ref as string;
  }
}
