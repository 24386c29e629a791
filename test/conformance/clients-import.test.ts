import { importMlflow } from '../../src/cli/commands/import-mlflow';
import { ApiClient } from '../support/api-client';
import { runImport } from '../support/import-command';
import { MlflowContents } from '../support/mlflow-contents';
import { MlflowServer } from '../support/mlflow-server';
import { startTestServer, type TestServer } from '../support/test-server';

/** A Python with what `clients/requirements-mlflow.txt` says; `.ci/clients.sh` makes one. */
const PYTHON = process.env.MLFLOW_PYTHON;
/** Of MLflow's server, a script of its client, and three imports, in ms. */
const LIMIT_MS = 240_000;

let server: TestServer;
let mlflow: MlflowServer;
beforeAll(async () => {
  if (!PYTHON) return;
  [server, mlflow] = await Promise.all([startTestServer(), MlflowServer.start(PYTHON)]);
  await mlflow.script('import-sources.py', 'mlflow', mlflow.url);
}, LIMIT_MS);
afterAll(async () => {
  await server?.stop();
  await mlflow?.stop();
}, LIMIT_MS);

(PYTHON ? test : test.skip)(
  'all that MLflow’s own server has is here after an import, read by the same calls; another one doubles nothing',
  async () => {
    const there = await new MlflowContents({ url: mlflow.url, headers: {} }).all();
    expect(Object.keys(there.runs)).toHaveLength(6);
    const bring = () => runImport(importMlflow, [mlflow.url, '--deleted'], server);
    const { code, problem, report } = await bring();
    expect({ code, problem, complete: report.complete }).toEqual({ code: 0, problem: '', complete: true });
    const here = new MlflowContents(new ApiClient(server.url, server.key));
    const first = await here.all();
    expect(first).toEqual(there);

    const again = await bring();
    expect(again).toMatchObject({ code: 0, report: { wasThere: { runs: 6, modelVersions: 2 } } });
    expect(Object.values(again.report.came).filter((count) => count > 0)).toEqual([]);
    expect(await here.all()).toEqual(first);
  },
  LIMIT_MS,
);
