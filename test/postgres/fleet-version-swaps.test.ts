import { FleetProcesses } from '../support/fleet-processes';
import { testVersionSwaps } from '../support/version-swaps';

testVersionSwaps(async () => {
  const fleet = await FleetProcesses.open();
  await Promise.all([fleet.start('worker'), fleet.start('worker')]);
  return { server: await fleet.start('api'), stop: () => fleet.stop() };
});
