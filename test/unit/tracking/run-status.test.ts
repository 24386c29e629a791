import { hasEnded, RUN_STATUSES, statusesAfter, statusesBefore } from '../../../src/tracking/run-status';

test('what may come after a status may come from it', () => {
  for (const status of RUN_STATUSES)
    for (const next of statusesAfter(status)) expect(statusesBefore(next)).toContain(status);
});

test('nothing goes back to wait, and what waits may go anywhere else', () => {
  expect(statusesBefore('SCHEDULED')).toEqual([]);
  expect(statusesAfter('SCHEDULED')).toEqual(RUN_STATUSES.filter((status) => status !== 'SCHEDULED'));
});

test('a run that waits has no end', () => {
  expect(RUN_STATUSES.filter((status) => !hasEnded(status))).toEqual(['SCHEDULED', 'RUNNING']);
});
