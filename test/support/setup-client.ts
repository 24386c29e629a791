import { createHash } from 'node:crypto';
import type { Member } from './api-client';
import type { TestServer } from './test-server';

export const COMMIT = 'a'.repeat(40);
export const sha256Of = (text: string): string => createHash('sha256').update(text).digest('hex');

interface Issue {
  readonly path: string;
  readonly expected: string;
  readonly actual: string;
}
type Answer = Member & { readonly issues?: readonly Issue[]; readonly run?: { readonly id: string } };
export interface Reproduction {
  readonly steps: readonly {
    readonly kind: string;
    readonly command: string;
    readonly description: string;
    readonly artifact: { readonly sha256: string } | null;
    readonly dataset: { readonly ref: string } | null;
  }[];
  readonly missing: readonly {
    readonly kind: string;
    readonly message: string;
    readonly isBlocking: boolean;
  }[];
  readonly script: string;
}

const ERRORS = `... on UserError { code message } ... on InvalidInputError { issues { path expected actual } }`;
const SETUP = `source { repository commit entryPoint dirty }
  code { repository commit branch pushed dirty diff { path sha256 sizeBytes } omittedFiles entryPoint command workingDirectory type }
  environment { language languageVersion packageManager packages { name version } lockFiles { path sha256 sizeBytes }
    operatingSystem cpuModel cpuCores memoryBytes gpus { name memoryBytes driver } containerImage variables { key value } }
  seeds { name value } configFiles { path sha256 sizeBytes }`;
const REPRODUCTION = `steps { kind description command artifact { sha256 } dataset { ref } }
  missing { kind message isBlocking } script`;

/** What runs are made with, as a client tells and reads it. */
export class SetupClient {
  constructor(private readonly server: TestServer) {}

  /** A mutation whose success has a run, by its name. */
  async mutate(field: string, input: object): Promise<Answer> {
    const type = `${field.charAt(0).toUpperCase()}${field.slice(1)}`;
    const query = `mutation ($input: ${type}Input!) { result: ${field}(input: $input) {
      __typename ... on ${type}Success { run { id } } ${ERRORS} } }`;
    return (await this.server.data<{ result: Answer }>(query, { input })).result;
  }

  describeRun(runId: string, told: object): Promise<Answer> {
    return this.mutate('describeRun', { runId, ...told });
  }

  async setupOf(id: string): Promise<Record<string, unknown>> {
    const query = `query ($id: ID!) { run(id: $id) { ${SETUP} } }`;
    return (await this.server.data<{ run: Record<string, unknown> }>(query, { id })).run;
  }

  async reproductionOf(id: string): Promise<Reproduction> {
    const query = `query ($id: ID!) { run(id: $id) { reproduce { ${REPRODUCTION} } } }`;
    return (await this.server.data<{ run: { reproduce: Reproduction } }>(query, { id })).run.reproduce;
  }

  /** Data by its bytes or by its address. */
  async registerDataset(input: object): Promise<void> {
    const query = `mutation ($input: RegisterDatasetVersionInput!) {
      registerDatasetVersion(input: $input) { ... on UserError { message } } }`;
    expect(await this.server.data(query, { input })).toEqual({ registerDatasetVersion: {} });
  }

  /** Each fact that there is, with files that were uploaded. */
  async everything() {
    const config = await this.server.upload('lr: 0.1\n');
    const lock = await this.server.upload('numpy==2.1.0\n');
    return {
      config,
      lock,
      told: {
        code: {
          ...{
            repository: 'https://ada:pw@example.org/ml.git',
            commit: COMMIT,
            branch: 'main',
            pushed: true,
          },
          ...{ entryPoint: 'train.py', command: ['python', 'train.py', '--lr', '0.1'], type: 'LOCAL' },
          ...{ workingDirectory: 'src', diff: { text: 'diff --git a/x b/x\n' }, omittedFiles: [] },
        },
        environment: {
          ...{
            language: 'python',
            languageVersion: '3.12.4',
            operatingSystem: 'Linux 6.1',
            cpuModel: 'EPYC',
          },
          ...{ cpuCores: 8, memoryBytes: 2 ** 35, containerImage: 'ml@sha256:1' },
          packages: [
            { name: 'numpy', version: '2.1.0' },
            { name: 'attrs', version: '24.1' },
          ],
          gpus: [{ name: 'H200', memoryBytes: 150_000_000_000, driver: '570.1' }],
          variables: [{ key: 'OMP_NUM_THREADS', value: '4' }],
          lockFiles: [{ path: 'requirements.txt', artifact: { sha256: lock } }],
        },
        seeds: [{ value: '9223372036854775807' }, { name: 'numpy', value: 7 }],
        configFiles: [{ path: 'conf/train.yaml', artifact: { sha256: config } }],
      },
    };
  }
}
