import {
  MAX_CONTROL_BYTES,
  readControlMessage,
} from '../../../../src/compat/open-inference/grpc-control-message';
import { GRPCInferenceService } from '../../../../src/kernel/generated/grpc_service_pb';

const { input } = GRPCInferenceService.method.modelReady;
const NAME = Buffer.from([0x0a, 0x01, 0x61]);
const UNKNOWN = Buffer.from([0x78, 0x00]);

test('of fields that nobody knows nothing is kept: each would be an object', () => {
  const message = readControlMessage(input, Buffer.concat([NAME, ...Array<Buffer>(100).fill(UNKNOWN)]));
  expect(message).toMatchObject({ name: 'a' });
  expect(message).not.toHaveProperty('$unknown');
});

test('a message that is larger than any question about models is refused unread', () => {
  const bytes = Buffer.alloc(MAX_CONTROL_BYTES + 2, UNKNOWN);
  expect(() => readControlMessage(input, bytes)).toThrow('message: expected at most 131072 bytes');
});
