import { GraphQLError } from 'graphql';
import { toClientError } from '../../../src/graphql/client-errors';
import { unavailable } from '../../../src/kernel/errors';
import { createLogger } from '../../../src/kernel/logger';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

test('calls that find the database away are told in the log every few seconds, however many they are', () => {
  const logger = createLogger('silent');
  const warn = jest.spyOn(logger, 'warn');
  const away = new GraphQLError('', { originalError: unavailable('The database') });
  const hundredCalls = () => {
    for (let call = 0; call < 100; call += 1)
      expect(toClientError(away, 'id', logger).extensions).toMatchObject({ code: 'UNAVAILABLE' });
  };
  hundredCalls();
  expect(warn).toHaveBeenCalledTimes(1);
  jest.advanceTimersByTime(10_000);
  hundredCalls();
  expect(warn).toHaveBeenCalledTimes(2);
  expect(warn.mock.calls[1]?.[0]).toMatchObject({ calls: 100 });
});
