import { cannotListen } from '../../../../src/kernel/http/cannot-listen';

test.each([
  ['EACCES', 'this user may not. Choose a port above 1023 with GRPC_PORT'],
  ['EADDRNOTAVAIL', 'this machine has no such address. Choose one that it has with HOST'],
])(
  '%s is told with what to do, though it stands in the message only, as from gRPC’s library',
  (code, why) => {
    const cause = new Error(
      `No address added out of total 1 resolved errors: [listen ${code}: of the system]`,
    );
    const error = cannotListen('gRPC', '192.0.2.1:80', 'GRPC_PORT', cause);
    expect(error).toMatchObject({ message: `gRPC cannot listen on 192.0.2.1:80: ${why}.`, cause });
  },
);

test('what nobody knows is told in its own words', () => {
  const error = cannotListen('gRPC', 'here:1', 'GRPC_PORT', new Error('Name resolution failed'));
  expect(error.message).toBe('gRPC cannot listen on here:1: Name resolution failed.');
});
