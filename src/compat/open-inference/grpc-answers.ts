import type { JsonValue, MessageShape } from '@bufbuild/protobuf';
import type { Actor } from '../../kernel/actor';
import { refuse, type Refusal, type UserError } from '../../kernel/errors';
import type { GRPCInferenceService, ModelRepositoryParameter } from '../../kernel/generated/grpc_service_pb';
import type { ModelAddress, PredictRefusal, Serving } from '../../serving/serving';
import { modelMetadata, SERVER_METADATA } from './metadata';
import { modelConfig } from './model-config';
import type { Json } from './parameters';
import { checkLoad, indexEntry, oneRepository } from './repository';
import { modelStatistics } from './statistics';

/** An answer in the JSON form of its message, which HTTP has too; or why there is none. */
export type Told = { readonly ok: true; readonly json: JsonValue } | Refusal<UserError | PredictRefusal>;

type Answered =
  | 'serverLive'
  | 'serverReady'
  | 'serverMetadata'
  | 'modelReady'
  | 'modelMetadata'
  | 'modelConfig'
  | 'modelStatistics'
  | 'repositoryIndex'
  | 'repositoryModelLoad'
  | 'repositoryModelUnload';
type Methods = (typeof GRPCInferenceService)['method'];
/** What is asked about models, and of them as wholes; inferences go another way. */
export type Answers = {
  readonly [Name in Answered]: (actor: Actor, request: MessageShape<Methods[Name]['input']>) => Promise<Told>;
};

export interface AnswersNeed {
  readonly serving: Serving;
  /** Whether everything that serving needs is there. */
  readonly isReady: () => Promise<boolean>;
}

export function answersOf({ serving, isReady }: AnswersNeed): Answers {
  const ofModel = async (
    actor: Actor,
    { name, version }: { readonly name: string; readonly version: string },
    tell: (address: ModelAddress) => JsonValue,
  ): Promise<Told> => {
    const address = await serving.addressOf(actor, name, version || null);
    return 'kind' in address ? refuse(address) : told(tell(address));
  };

  return {
    serverLive: () => Promise.resolve(told({ live: true })),
    serverReady: async () => told({ ready: await isReady() }),
    serverMetadata: () =>
      Promise.resolve(told({ ...SERVER_METADATA, extensions: [...SERVER_METADATA.extensions] })),

    /** As Triton: clients poll for models that are still to come, and take no error for an answer. */
    modelReady: async (actor, request) => {
      const ready = await ofModel(actor, request, (address) => ({ ready: address.ready }));
      return ready.ok || ready.error.code !== 'NOT_FOUND' ? ready : told({ ready: false });
    },
    modelMetadata: (actor, request) => ofModel(actor, request, (address) => json(modelMetadata(address))),
    modelConfig: (actor, request) =>
      ofModel(actor, request, (address) => json({ config: modelConfig(address) })),
    modelStatistics: async (actor, { name, version }) => {
      const statistics = await serving.statisticsOf(actor, name || null, version || null);
      if ('kind' in statistics) return refuse(statistics);
      return told(json({ model_stats: statistics.map(modelStatistics) }));
    },

    repositoryIndex: async (actor, { repositoryName, ready }) => {
      if (repositoryName !== '') return refuse(oneRepository(repositoryName));
      const models = (await serving.modelIndex(actor)).map(indexEntry);
      return told({ models: ready ? models.filter(({ state }) => state === 'READY') : models });
    },
    repositoryModelLoad: async (actor, { repositoryName, modelName, parameters }) => {
      const wish = { parameters: described(parameters) };
      const error = repositoryName === '' ? checkLoad(wish) : oneRepository(repositoryName);
      if (error) return refuse(error);
      const result = await serving.load(actor, modelName);
      return result.ok ? told({}) : result;
    },
    repositoryModelUnload: async (actor, { repositoryName, modelName }) => {
      if (repositoryName !== '') return refuse(oneRepository(repositoryName));
      const result = await serving.unload(actor, modelName);
      return result.ok ? told({}) : result;
    },
  };
}

const told = (value: JsonValue): Told => ({ ok: true, json: value });

/** Read-only lists are lists in JSON too. */
const json = (value: object): JsonValue => value as JsonValue;

function described(parameters: Readonly<Record<string, ModelRepositoryParameter>>): Json {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, { parameterChoice }]) => [
      name,
      parameterChoice.case === 'bytesParam' ? 'bytes' : String(parameterChoice.value),
    ]),
  );
}
