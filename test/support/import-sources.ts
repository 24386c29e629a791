import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/**
 * What TensorBoard, W&B and MLflow have written, as folders `tensorboard`, `wandb`, `mlflow` and `database`: see
 * `test/data/README.md`. Whoever asks for the folder deletes it.
 */
export function importSources(): string {
  const folder = mkdtempSync(join(tmpdir(), 'modelgraph-import-sources-'));
  const file = join(__dirname, '../data/import-sources.jsonl.gz');
  for (const line of gunzipSync(readFileSync(file)).toString().split('\n')) {
    const { path, base64 } = JSON.parse(line) as { readonly path: string; readonly base64: string };
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), Buffer.from(base64, 'base64'));
  }
  return folder;
}
