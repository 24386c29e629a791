import { startOnnx } from '../../src/compose-onnx';
import { parseConfig } from '../../src/kernel/config';
import { createLogger } from '../../src/kernel/logger';
import { ShutdownStack } from '../../src/kernel/shutdown-stack';

test('the log says why a worker could not be started', async () => {
  const config = { ...parseConfig({ ONNX_WORKERS: '1' }), onnxProviders: ['no-such-provider'] };
  const logger = createLogger('silent');
  const warned = jest.spyOn(logger, 'warn');
  await expect(startOnnx(config, logger, new ShutdownStack(logger))).rejects.toThrow('no-such-provider');
  // `err` is the name under which the logger describes errors.
  expect(warned.mock.calls[0]?.[0]).toMatchObject({
    type: 'worker-failed-to-start',
    worker: 0,
    err: { message: expect.stringContaining('no-such-provider') },
  });
});
