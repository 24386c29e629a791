import { FleetProcesses } from '../support/fleet-processes';
import { testVersionSwaps } from '../support/version-swaps';

// Four processes and a database share two cores here: the rate that one server must stand is shown in test/chaos.
testVersionSwaps({ requestsPerSecond: 100 }, async () => {
  const fleet = await FleetProcesses.open();
  await Promise.all([fleet.start('worker'), fleet.start('worker')]);
  return { server: await fleet.start('api'), stop: () => fleet.stop() };
});
