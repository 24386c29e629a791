import { expectType, type ModelgraphServer } from './modelgraph-server';

interface Deployment {
  /** Of the model, and of the endpoint that answers with it. */
  readonly name: string;
  readonly model: Uint8Array;
  /** Names of the features, for models that are asked by rows. */
  readonly columns?: { readonly input: string; readonly names: readonly string[] };
  readonly settings?: object;
}

/** Registers a model, and has it answer under its own name. */
export async function deploy(
  server: ModelgraphServer,
  { name, model, columns, settings }: Deployment,
): Promise<void> {
  const sha256 = await server.upload(model);
  const { registerModelVersion } = await server.call<{
    registerModelVersion: { __typename: string; version: { ref: string } };
  }>(
    `mutation Register($input: RegisterModelVersionInput!) {
      registerModelVersion(input: $input) {
        __typename
        ... on RegisterModelVersionSuccess { version { ref } }
        ... on UserError { code message }
      }
    }`,
    { input: { model: name, artifact: { sha256 }, ...(columns && { columns: [columns] }) } },
  );
  const { version } = expectType(registerModelVersion, 'RegisterModelVersionSuccess');
  const { deployEndpoint } = await server.call<{ deployEndpoint: { __typename: string } }>(
    `mutation Deploy($input: DeployEndpointInput!) {
      deployEndpoint(input: $input) { __typename ... on UserError { code message } }
    }`,
    { input: { name, variants: [{ ref: version.ref, weight: 1 }], ...(settings && { settings }) } },
  );
  expectType(deployEndpoint, 'DeployEndpointSuccess');
}
