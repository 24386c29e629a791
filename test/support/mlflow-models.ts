import type { MlflowClient } from './mlflow-client';

/** Files of a model by their paths, as MLflow's clients log them. */
export type ModelFiles = Readonly<Record<string, string | Uint8Array>>;

/** A model in ONNX flavour as `mlflow.onnx.log_model` writes it, but for what describes its Python. */
export const onnxFiles = (bytes: Uint8Array): ModelFiles => ({
  MLmodel: `artifact_path: model
flavors:
  onnx:
    code: null
    data: model.onnx
    onnx_version: 1.19.0
    providers:
    - CPUExecutionProvider
  python_function:
    data: model.onnx
    loader_module: mlflow.onnx
mlflow_version: 3.6.0
`,
  'model.onnx': bytes,
  'requirements.txt': 'mlflow==3.6.0\nonnx==1.19.0\n',
});

/** A model that only Python can open. */
export const pickledFiles = (bytes = 'not really a pickle'): ModelFiles => ({
  MLmodel: 'flavors:\n  sklearn:\n    pickled_model: model.pkl\n    serialization_format: cloudpickle\n',
  'model.pkl': bytes,
});

/** A model that is logged, and how versions are made from it. */
export interface LoggedForTest {
  readonly experimentId: string;
  readonly runId: string;
  readonly modelId: string;
  /** Fields of `model-versions/create` but for the name. */
  readonly source: { readonly source: string; readonly model_id: string };
}

/** Runs, logs a model as MLflow 3 does, and says that it is whole. */
export async function logModel(
  mlflow: MlflowClient,
  experiment: string,
  files: ModelFiles,
): Promise<LoggedForTest> {
  const experimentId = await mlflow.experiment(experiment);
  const runId = (await mlflow.run(experimentId)).info.run_id;
  const { model } = await mlflow.must<{ model: { info: { model_id: string; artifact_uri: string } } }>(
    'POST',
    'logged-models',
    { experiment_id: experimentId, name: 'model', source_run_id: runId },
  );
  const { model_id: modelId, artifact_uri: uri } = model.info;
  await putFiles(mlflow, uri, files);
  await mlflow.must('PATCH', `logged-models/${modelId}`, {
    model_id: modelId,
    status: 'LOGGED_MODEL_READY',
  });
  return { experimentId, runId, modelId, source: { source: `models:/${modelId}`, model_id: modelId } };
}

/** @param uri `mlflow-artifacts:/…`, where the files are to be */
export async function putFiles(mlflow: MlflowClient, uri: string, files: ModelFiles): Promise<void> {
  const root = uri.replace('mlflow-artifacts:/', '/api/2.0/mlflow-artifacts/artifacts/');
  for (const [path, bytes] of Object.entries(files)) {
    const { status, body } = await mlflow.raw('PUT', `${root}/${path}`, bytes);
    if (status !== 200) throw new Error(`${path}: ${status} ${JSON.stringify(body)}`);
  }
}
