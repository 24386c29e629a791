import type { ModelFile } from '../../../../src/serving/execution/backend';
import { Backends } from '../../../../src/serving/backends/backends';
import { RemoteBackend } from '../../../../src/serving/backends/remote';
import { parseRemoteDocument } from '../../../../src/serving/execution/remote-document';
import { RemotePolicy } from '../../../../src/serving/backends/remote-policy';
import { parseRemotePlace } from '../../../../src/kernel/remote-place';
import { FakeBackend } from '../../../support/fake-backend';

/** Nobody listens there. */
const URL = 'http://127.0.0.1:9';

class NoWorkers extends FakeBackend {
  override whyNot(): string | null {
    return 'No worker is running at the moment.';
  }
}

function remoteFile(): ModelFile {
  const document = { modelgraph: 'remote-model/1', backend: 'open-inference', url: URL, model: 'm' };
  const read = parseRemoteDocument(JSON.stringify(document));
  if (!read?.ok) throw new Error(read?.message);
  return { sha256: 'remote', path: '', remote: read.document };
}

test('what keeps a remote model away is never that there are no workers of ours', async () => {
  const place = parseRemotePlace(URL);
  const remote = new RemoteBackend(new RemotePolicy(place ? [place] : [], new Map()));
  const backend = new Backends(new NoWorkers(), remote);
  await expect(backend.load(remoteFile())).rejects.toThrow('cannot be reached');
  expect(backend.whyNot('remote')).toBeNull();
  expect(backend.whyNot('ours')).toBe('No worker is running at the moment.');
  await remote.stop();
});
