import { probeProviders } from '../../../../src/serving/worker/providers';

/** Where ONNX Runtime knows providers that are files of their own. */
const hasProviderFiles = process.platform === 'linux' && process.arch === 'x64';
const withProviderFiles = hasProviderFiles ? test : test.skip;

// TensorRT is not part of any CUDA image, so that this also holds where there is a GPU.
withProviderFiles(
  'a provider that does not load is passed over, and names the library that is missing',
  async () => {
    const { provider, skipped } = await probeProviders(['tensorrt', 'cpu']);
    expect(provider).toBe('cpu');
    expect(skipped).toMatchObject([
      { provider: 'tensorrt', reason: expect.stringMatching(/: lib\S+: cannot open shared object file/) },
    ]);
  },
);
