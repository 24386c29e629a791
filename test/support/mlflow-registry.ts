import type { MlflowClient } from './mlflow-client';

/** A version as MLflow's answers have it. */
export interface RegisteredVersion {
  readonly name: string;
  readonly version: string;
  readonly source: string;
  readonly run_id: string;
  readonly description: string;
  readonly current_stage: string;
  readonly creation_timestamp: number;
  readonly last_updated_timestamp: number;
  readonly tags: readonly { readonly key: string; readonly value: string }[];
  readonly aliases?: readonly string[];
}
/** A registered model as MLflow's answers have it. */
export interface RegisteredModel {
  readonly name: string;
  readonly description?: string;
  readonly latest_versions?: readonly RegisteredVersion[];
  readonly tags?: readonly object[];
  readonly aliases?: readonly object[];
}

/** Registered models as a client of MLflow's sees them; what must work throws where it does not. */
export class MlflowRegistry {
  constructor(private readonly mlflow: MlflowClient) {}

  newModel(name: string, more: object = {}): Promise<RegisteredModel> {
    return this.model('POST', 'registered-models/create', { name, ...more });
  }

  readModel(name: string): Promise<RegisteredModel> {
    return this.model('GET', 'registered-models/get', { name });
  }

  newVersion(name: string, fields: object): Promise<RegisteredVersion> {
    return this.version('POST', 'model-versions/create', { name, ...fields });
  }

  readVersion(name: string, version: string): Promise<RegisteredVersion> {
    return this.version('GET', 'model-versions/get', { name, version });
  }

  private async model(method: string, path: string, fields: object): Promise<RegisteredModel> {
    type Answer = { registered_model: RegisteredModel };
    return (await this.mlflow.must<Answer>(method, path, fields)).registered_model;
  }

  private async version(method: string, path: string, fields: object): Promise<RegisteredVersion> {
    type Answer = { model_version: RegisteredVersion };
    return (await this.mlflow.must<Answer>(method, path, fields)).model_version;
  }
}

/** What a call is answered that is refused. */
export const refusedWith = (code: string, message: RegExp | string = '', status = 400): object => ({
  status,
  body: { error_code: code, message: expect.stringMatching(message) },
});
