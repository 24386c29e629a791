import type { Actor } from '../../kernel/actor';
import { answerText, type AnswerError } from '../../kernel/http/http-answer';
import type { Exchange, NodeExchange, PublicRoute, Route } from '../../kernel/http/http-exchange';
import type { ArtifactUploads } from '../../kernel/artifacts/artifact-uploads';
import type { Artifacts } from '../../kernel/artifacts/artifacts';
import type { Registry } from '../../registry/registry';
import type { Tracking } from '../../tracking/tracking';
import type { Webhooks } from '../../webhooks/webhooks';
import { aliasCalls } from './alias-calls';
import { answerMlflow, type Json } from './answer-json';
import { ArtifactDoor } from './artifact-door';
import { artifactCalls } from './artifact-calls';
import { CallTable, type Calls } from './calls';
import { datasetCalls } from './dataset-calls';
import { experimentCalls } from './experiment-calls';
import { ExperimentIds } from './experiment-ids';
import { Fields } from './fields';
import { logCalls } from './log-calls';
import { loggedModelCalls } from './logged-model-calls';
import { answerMlflowError, answerOutside, isBadInput, invalidParameter, MlflowError } from './mlflow-error';
import { metricCalls } from './metric-calls';
import { PARTS_PATH, signedPartRoute } from './multipart-door';
import { ModelJson } from './model-json';
import { ModelRegistration } from './model-registration';
import { ModelSources } from './model-source';
import { modelVersionCalls } from './model-version-calls';
import { registryCalls } from './registry-calls';
import { readFields } from './request-fields';
import { runCalls } from './run-calls';
import { RunJson } from './run-json';
import { webhookCalls } from './webhook-calls';

export interface MlflowNeeds {
  readonly tracking: Tracking;
  readonly artifacts: Artifacts;
  readonly registry: Registry;
  readonly webhooks: Webhooks;
  readonly uploads: ArtifactUploads;
  /** Where clients reach this server; null: as each of them says. */
  readonly publicUrl: string | null;
}

/** The release of MLflow whose clients' calls these are; clients ask for it to learn what they may send. */
const MLFLOW_VERSION = '3.6.0';

/** Below each of these are the same calls: programs use the first, MLflow's own pages the second. */
const API = ['/api/2.0/mlflow', '/ajax-api/2.0/mlflow', '/api/3.0/mlflow', '/ajax-api/3.0/mlflow'] as const;
const ARTIFACTS = ['/api/2.0/mlflow-artifacts', '/ajax-api/2.0/mlflow-artifacts'] as const;

interface MlflowDoor {
  readonly prefix: string;
  readonly answerError: AnswerError;
}

/** MLflow's REST API: its clients log, search, register and fetch here without a change. */
export function mlflowDoors(
  needs: MlflowNeeds,
): readonly (MlflowDoor & ({ readonly route: Route } | { readonly streams: Route<NodeExchange> }))[] {
  const door = new Mlflow(needs);
  const bytes = new ArtifactDoor(needs);
  return [
    ...API.map((prefix) => ({
      prefix,
      route: (exchange: Exchange, actor: Actor) =>
        door.answer(exchange, actor, exchange.path.slice(prefix.length + 1)),
      answerError: answerOutside,
    })),
    ...ARTIFACTS.map((prefix) => ({
      prefix,
      streams: (exchange: NodeExchange, actor: Actor) =>
        bytes.answer(exchange, actor, exchange.path.slice(prefix.length + 1)),
      answerError: answerOutside,
    })),
  ];
}

/** What clients ask before they have a credential: whether somebody is there, and what they speak. */
export const mlflowPublicRoutes: Readonly<Record<string, PublicRoute>> = {
  '/health': ({ response }) => answerText(response, 200, 'text/plain; charset=utf-8', 'OK'),
  '/version': ({ response }) => answerText(response, 200, 'text/plain; charset=utf-8', MLFLOW_VERSION),
};

/** Addresses that are a credential by themselves, to be had by `create` of an upload in parts. */
export const mlflowSignedRoutes = (needs: MlflowNeeds): Readonly<Record<string, PublicRoute>> => ({
  [PARTS_PATH]: signedPartRoute(needs),
});

class Mlflow {
  private readonly calls: CallTable;

  constructor({ tracking, registry, artifacts, webhooks }: MlflowNeeds) {
    const ids = new ExperimentIds(tracking);
    const runs = new RunJson(tracking, ids);
    const models = new ModelJson(registry);
    const sources = new ModelSources(tracking, ids);
    const registration = new ModelRegistration({ registry, tracking, artifacts, sources });
    this.calls = new CallTable({
      ...serverCalls,
      ...experimentCalls(tracking, ids),
      ...runCalls(tracking, ids, runs),
      ...logCalls(tracking),
      ...metricCalls(tracking),
      ...datasetCalls(tracking, ids),
      ...loggedModelCalls(tracking, ids),
      ...artifactCalls(tracking, ids),
      ...registryCalls(registry, models),
      ...modelVersionCalls(registry, models, registration),
      ...aliasCalls(registry, models),
      ...webhookCalls(webhooks),
    });
  }

  async answer({ request, response, search }: Exchange, actor: Actor, path: string): Promise<void> {
    try {
      const found = this.calls.find(request.method ?? '', path);
      if (!found) throw new MlflowError('ENDPOINT_NOT_FOUND', `There is no ${request.method} ${path} here.`);
      const fields = await readFields(request, search);
      const withPath = new Fields({ ...fields.values, ...found.fromPath });
      answerMlflow(response, await found.call(withPath, actor));
    } catch (error) {
      answerMlflowError(response, mlflowErrorOf(error));
    }
  }
}

/** Rethrows what the server itself answers. */
function mlflowErrorOf(error: unknown): MlflowError {
  if (error instanceof MlflowError) return error;
  if (isBadInput(error)) return invalidParameter(error.message);
  throw error;
}

/** What newer clients ask of the server before they choose how to send files. */
const SERVER_INFO: Json = {
  store_type: 'SqlStore',
  workspaces_enabled: false,
  trace_archival_enabled: false,
  multipart_uploads_enabled: true,
  multipart_downloads_enabled: false,
};
const serverCalls: Calls = { 'GET server-info': () => Promise.resolve(SERVER_INFO) };
