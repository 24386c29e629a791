const swc = JSON.parse(require('node:fs').readFileSync(`${__dirname}/.swcrc`, 'utf8'));

/** Each kind of test is a project, so that one command can name the kinds it wants. */
const project = (name, extra = {}) => ({
  displayName: name,
  rootDir: __dirname,
  roots: ['<rootDir>/src', '<rootDir>/test'], // looked through at each start; node_modules and environments are large
  testEnvironment: '<rootDir>/test/support/jest-environment.js',
  testMatch: [`<rootDir>/test/${name}/**/*.test.ts`],
  transform: { '^.+\\.ts$': ['@swc/jest', { ...swc, swcrc: false, sourceMaps: 'inline' }] },
  ...extra,
});
/** What tests start of ours as processes and threads of their own is built first. */
const built = { globalSetup: '<rootDir>/test/support/build.ts' };
const withServer = {
  testEnvironmentOptions: { hasServer: true },
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
};

module.exports = {
  maxWorkers: '100%', // Jest leaves one core idle otherwise, which is half of a small machine
  testTimeout: 120_000, // for what hangs: a busy machine is no fault
  projects: [
    project('unit', built),
    project('api', withServer),
    project('cli', withServer),
    project('conformance', withServer),
    project('chaos', withServer),
    project('postgres', withServer),
    project('redis', withServer),
    project('s3', withServer),
    project('stores', withServer),
  ],
};
