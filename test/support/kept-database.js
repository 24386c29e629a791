const { readFile } = require('node:fs/promises');
const { dirname, join } = require('node:path');

/**
 * V8 shares the code of a WebAssembly module between all threads of a process for as long as one holds it. The embedded
 * database's is held here, so that only the first server of a process compiles it: half of what opening one takes.
 */
let held = null;

module.exports = async function keepDatabaseCode() {
  const file = join(dirname(require.resolve('@electric-sql/pglite')), 'pglite.wasm');
  held ??= await WebAssembly.compile(await readFile(file));
};
