const { isNativeError } = require('node:util').types;
const { TestEnvironment } = require('jest-environment-node');
const keepCode = require('./kept-code');
const keepDatabaseCode = require('./kept-database');

keepCode();

const SHARED = [
  'Float32Array',
  'Float64Array',
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'BigInt64Array',
  'BigUint64Array',
];

/** Node's own errors are of the outer realm too; subclasses stay what they are. */
function takeErrorsOfNode(global) {
  const isInstance = Function.prototype[Symbol.hasInstance];
  Object.defineProperty(global.Error, Symbol.hasInstance, {
    value(error) {
      return isInstance.call(this, error) || (this === global.Error && isNativeError(error));
    },
  });
}

// Jest gives every test file its own globals, but native modules make typed arrays of the outer realm:
// share those classes so that `instanceof` holds on both sides.
module.exports = class extends TestEnvironment {
  constructor(config, context) {
    super(config, context);
    for (const name of SHARED) this.global[name] = globalThis[name];
    takeErrorsOfNode(this.global);
    this.hasServer = config.projectConfig.testEnvironmentOptions.hasServer === true;
  }

  async setup() {
    await super.setup();
    if (this.hasServer && process.env.MODELGRAPH_TEST_ENGINE !== 'postgres') await keepDatabaseCode();
  }
};
