/** When a model that cannot be loaded is tried again, in ms: each try takes a worker away from those who answer. */
export const LOAD_AGAIN_AFTER_MS = 30_000;
